import type { Example } from "@/testing/connection-examples/define";
import { googleExample, warehouse } from "@/testing/servers/google-services";

export const example: Example = googleExample(warehouse);
