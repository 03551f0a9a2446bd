import type { Example } from "@/e2e/fakes/examples/define";
import { drive, microsoftExample } from "@/e2e/fakes/microsoft-services";

export const example: Example = microsoftExample(drive);
