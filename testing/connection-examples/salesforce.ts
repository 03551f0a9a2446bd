import type { Example } from "@/testing/connection-examples/define";
import {
  salesforceHost,
  salesforceProperties,
  salesforceSecrets,
  startSalesforce,
} from "@/testing/servers/salesforce-server";

export const example: Example = {
  properties: salesforceProperties,
  secrets: salesforceSecrets,
  endpoints: [`${salesforceHost}:443`],
  transport: "https",
  start: (authority) => startSalesforce(authority),
};
