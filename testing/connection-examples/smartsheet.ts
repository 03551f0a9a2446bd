import type { Example } from "@/testing/connection-examples/define";
import { smartsheetToken, startSmartsheet } from "@/testing/servers/smartsheet-server";

export const example: Example = {
  properties: {},
  secrets: { accessToken: smartsheetToken },
  endpoints: ["api.smartsheet.com:443"],
  transport: "https",
  start: (authority) => startSmartsheet(authority),
};
