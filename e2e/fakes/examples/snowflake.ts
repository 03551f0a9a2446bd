import type { Example } from "@/e2e/fakes/examples/define";
import {
  snowflakePassword,
  snowflakePlace,
  snowflakeProperties,
  startSnowflake,
} from "@/e2e/fakes/snowflake-server";

export const example: Example = {
  properties: { ...snowflakeProperties, authType: "pwd" },
  secrets: { password: snowflakePassword },
  places: [`${snowflakePlace}:443`],
  transport: "https",
  start: (authority) => startSnowflake(authority),
};
