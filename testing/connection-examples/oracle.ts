import type { Example } from "@/testing/connection-examples/define";
import { startOracleServer } from "@/testing/servers/oracle-server";

const server = "oracle.example.com";
const username = "REPORTS";
const password = "canary-of-oracle";
const database = "sales.example.com";

export const example: Example = {
  properties: { server, port: "1521", username, database },
  secrets: { password },
  endpoints: [`${server}:1521`],
  transport: "tls",
  async start(authority) {
    const certificate = await authority.issue({ names: [server] });
    const name = `SERVICE_NAME=${database}`;
    const { port, close } = await startOracleServer({ username, password, name, certificate });
    return { routes: { [`${server}:1521`]: port }, close };
  },
};
