import type { Example } from "@/testing/connection-examples/define";
import { microsoftExample, site } from "@/testing/servers/microsoft-services";

export const example: Example = microsoftExample(site);
