import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { migrate } from "@/scripts/migration";

/** One database for one test file, with the URLs of its three identities. */
export type TestDatabase = { ownerUrl: string; webUrl: string; automateUrl: string };

/**
 * A new, migrated database on the test server, in which this file's `lib/db` is `program`.
 * Roles belong to the cluster, so that each file has its own prefix.
 */
export async function createTestDatabase(program: "web" | "automate"): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server)
    throw new Error(
      "TEST_DATABASE_URL is not set: run npm test, or node scripts/scratch-postgres.mjs npx vitest run …",
    );
  const name = `t_${randomBytes(6).toString("hex")}`;
  const admin = new Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();

  const urlFor = (user?: string) => {
    const url = new URL(server);
    url.pathname = `/${name}`;
    if (user) Object.assign(url, { username: user, password: "test" });
    return url.href;
  };
  const logins = { web: `${name}_web_login`, automate: `${name}_automate_login` };
  await migrate({
    databaseUrl: urlFor(),
    rolePrefix: name,
    logins: { [logins.web]: "test", [logins.automate]: "test" },
  });
  const made = { ownerUrl: urlFor(), webUrl: urlFor(logins.web), automateUrl: urlFor(logins.automate) };
  for (const identity of ["DATABASE_URL", "WEB_DATABASE_URL", "AUTOMATE_DATABASE_URL"])
    delete process.env[identity];
  process.env[program === "web" ? "WEB_DATABASE_URL" : "AUTOMATE_DATABASE_URL"] =
    program === "web" ? made.webUrl : made.automateUrl;
  return made;
}
