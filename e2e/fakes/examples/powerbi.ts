import type { Example } from "@/e2e/fakes/examples/define";
import { microsoftExample, workspaces } from "@/e2e/fakes/microsoft-services";

export const example: Example = microsoftExample(workspaces);
