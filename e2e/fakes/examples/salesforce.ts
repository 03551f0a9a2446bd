import type { Example } from "@/e2e/fakes/examples/define";
import {
  salesforceHost,
  salesforceProperties,
  salesforceSecrets,
  startSalesforce,
} from "@/e2e/fakes/salesforce-server";

export const example: Example = {
  properties: salesforceProperties,
  secrets: salesforceSecrets,
  places: [`${salesforceHost}:443`],
  transport: "https",
  start: (authority) => startSalesforce(authority),
};
