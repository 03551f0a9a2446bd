import { randomBytes } from "node:crypto";
import type { Example } from "@/testing/connection-examples/define";
import { createPostgresLogin } from "@/testing/servers/postgres-login";

const server = "db.example.com";
const name = `example_${randomBytes(6).toString("hex")}`;
const password = "canary-of-postgres";

/** Without TLS: all tests share the real server, and others need it that way. */
export const example: Example = {
  properties: { server, port: "5432", database: name, username: name, tlsMode: "disable" },
  secrets: { password },
  endpoints: [`${server}:5432`],
  transport: "postgres",
  async start() {
    const login = await createPostgresLogin(process.env.TEST_DATABASE_URL ?? "", { name, password });
    return { routes: { [`${server}:5432`]: Number(login.port) }, close: login.drop };
  },
};
