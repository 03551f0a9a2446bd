import type { Example } from "@/e2e/fakes/examples/define";
import { startTableau, tableauHost, tableauProperties, tableauToken } from "@/e2e/fakes/tableau-server";

export const example: Example = {
  properties: tableauProperties,
  secrets: { tokenValue: tableauToken },
  places: [`${tableauHost}:443`],
  transport: "https",
  start: (authority) => startTableau(authority),
};
