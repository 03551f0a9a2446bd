import type { Example } from "@/testing/connection-examples/define";
import {
  snowflakePassword,
  snowflakePlace,
  snowflakeProperties,
  startSnowflake,
} from "@/testing/servers/snowflake-server";

export const example: Example = {
  properties: { ...snowflakeProperties, authType: "pwd" },
  secrets: { password: snowflakePassword },
  places: [`${snowflakePlace}:443`],
  transport: "https",
  start: (authority) => startSnowflake(authority),
};
