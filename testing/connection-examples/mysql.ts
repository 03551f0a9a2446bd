import type { Example } from "@/testing/connection-examples/define";
import { startMysqlServer } from "@/testing/servers/mysql-server";

const server = "mysql.example.com";
const username = "reports";
const password = "canary-of-mysql";

export const example: Example = {
  properties: { server, port: "3306", database: "sales", username, tlsMode: "disable" },
  secrets: { password },
  endpoints: [`${server}:3306`],
  transport: "mysql",
  async start() {
    const { port, close } = await startMysqlServer({ username, password, databases: ["sales"] });
    return { routes: { [`${server}:3306`]: port }, close };
  },
};
