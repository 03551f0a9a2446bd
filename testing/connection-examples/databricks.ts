import type { Example } from "@/testing/connection-examples/define";
import {
  databricksHost,
  databricksProperties,
  databricksToken,
  startDatabricks,
} from "@/testing/servers/databricks-server";

export const example: Example = {
  properties: { ...databricksProperties, authType: "pat" },
  secrets: { token: databricksToken },
  endpoints: [`${databricksHost}:443`],
  transport: "https",
  start: (authority) => startDatabricks(authority),
};
