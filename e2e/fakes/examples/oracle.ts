import type { Example } from "@/e2e/fakes/examples/define";
import { startOracleServer } from "@/e2e/fakes/oracle-server";

const server = "oracle.example.com";
const username = "reports";
const password = "canary-of-oracle";
const database = "ORCLPDB1";

export const example: Example = {
  properties: { server, port: "1521", username, database },
  secrets: { password },
  places: [`${server}:1521`],
  transport: "tls",
  async start(authority) {
    const certificate = await authority.issue({ names: [server] });
    const { port, close } = await startOracleServer({ username, password, service: database, certificate });
    return { routes: { [`${server}:1521`]: port }, close };
  },
};
