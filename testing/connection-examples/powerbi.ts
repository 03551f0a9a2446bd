import type { Example } from "@/testing/connection-examples/define";
import { microsoftExample, workspaces } from "@/testing/servers/microsoft-services";

export const example: Example = microsoftExample(workspaces);
