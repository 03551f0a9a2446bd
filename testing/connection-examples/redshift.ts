import { randomBytes } from "node:crypto";
import type { Example } from "@/testing/connection-examples/define";
import { createPostgresLogin } from "@/testing/servers/postgres-login";

const server = "sales.abc123.eu-west-1.redshift.amazonaws.com";
const name = `example_${randomBytes(6).toString("hex")}`;
const password = "canary-of-redshift";

/** The tests' real PostgreSQL stands in, because Redshift speaks its protocol. */
export const example: Example = {
  properties: { server, port: "5439", database: name, username: name, tlsMode: "disable" },
  secrets: { password },
  endpoints: [`${server}:5439`],
  transport: "postgres",
  async start() {
    const login = await createPostgresLogin(process.env.TEST_DATABASE_URL ?? "", { name, password });
    return { routes: { [`${server}:5439`]: Number(login.port) }, close: login.drop };
  },
};
