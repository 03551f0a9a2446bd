import type { Example } from "@/e2e/fakes/examples/define";
import { smartsheetToken, startSmartsheet } from "@/e2e/fakes/smartsheet-server";

export const example: Example = {
  properties: {},
  secrets: { accessToken: smartsheetToken },
  places: ["api.smartsheet.com:443"],
  transport: "https",
  start: (authority) => startSmartsheet(authority),
};
