import type { Example } from "@/testing/connection-examples/define";
import { drive, microsoftExample } from "@/testing/servers/microsoft-services";

export const example: Example = microsoftExample(drive);
