import type { Example } from "@/testing/connection-examples/define";
import { startTdsServer } from "@/testing/servers/tds-server";

const server = "synapse.database.windows.net";
const username = "reports";
const password = "canary-of-synapse";

export const example: Example = {
  properties: { server, port: "1433", username, database: "pool1" },
  secrets: { password },
  endpoints: [`${server}:1433`],
  transport: "tds",
  async start(authority) {
    const certificate = await authority.issue({ names: [server] });
    const { port, close } = await startTdsServer({ username, password, certificate, databases: ["pool1"] });
    return { routes: { [`${server}:1433`]: port }, close };
  },
};
