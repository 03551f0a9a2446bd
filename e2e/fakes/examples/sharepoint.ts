import type { Example } from "@/e2e/fakes/examples/define";
import { microsoftExample, site } from "@/e2e/fakes/microsoft-services";

export const example: Example = microsoftExample(site);
