import type { Example } from "@/testing/connection-examples/define";
import { startTableau, tableauHost, tableauProperties, tableauToken } from "@/testing/servers/tableau-server";

export const example: Example = {
  properties: tableauProperties,
  secrets: { tokenValue: tableauToken },
  endpoints: [`${tableauHost}:443`],
  transport: "https",
  start: (authority) => startTableau(authority),
};
