import type { Example } from "@/testing/connection-examples/define";
import { dataLake, microsoftExample } from "@/testing/servers/microsoft-services";

export const example: Example = microsoftExample(dataLake);
