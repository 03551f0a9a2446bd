import type { Example } from "@/testing/connection-examples/define";
import {
  snowflakePassword,
  snowflakeProperties,
  startSnowflake,
  testSnowflakeHost,
} from "@/testing/servers/snowflake-server";

export const example: Example = {
  properties: { ...snowflakeProperties, authType: "pwd" },
  secrets: { password: snowflakePassword },
  endpoints: [`${testSnowflakeHost}:443`],
  transport: "https",
  start: (authority) => startSnowflake(authority),
};
