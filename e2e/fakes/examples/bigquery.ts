import type { Example } from "@/e2e/fakes/examples/define";
import { googleExample, warehouse } from "@/e2e/fakes/google-services";

export const example: Example = googleExample(warehouse);
