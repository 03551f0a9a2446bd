import type { Example } from "@/testing/connection-examples/define";
import { startTdsServer } from "@/testing/servers/tds-server";

const server = "mssql.database.windows.net";
const username = "reports";
const password = "canary-of-mssql";

export const example: Example = {
  properties: { server, port: "1433", username },
  secrets: { password },
  endpoints: [`${server}:1433`],
  transport: "tds",
  async start(authority) {
    const certificate = await authority.issue({ names: [server] });
    const { port, close } = await startTdsServer({ username, password, certificate });
    return { routes: { [`${server}:1433`]: port }, close };
  },
};
