import {
  databricksHost,
  databricksProperties,
  databricksToken,
  startDatabricks,
} from "@/e2e/fakes/databricks-server";
import type { Example } from "@/e2e/fakes/examples/define";

export const example: Example = {
  properties: { ...databricksProperties, authType: "pat" },
  secrets: { token: databricksToken },
  places: [`${databricksHost}:443`],
  transport: "https",
  start: (authority) => startDatabricks(authority),
};
