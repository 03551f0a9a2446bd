import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { admitPrograms, migrate } from "@/prisma/migrate/migration";

/** One test file's database, with a URL for each of its three roles. */
export type TestDatabase = { ownerUrl: string; webUrl: string; automateUrl: string };

/**
 * A new, migrated database on the test server. This file's `lib/db/client` connects to it as `program`. Its roles are
 * those of the template, because granting takes five times as long as copying; with `ownRoles` they have the
 * database's name as their prefix, for a test that migrates, or changes a role.
 */
export async function createTestDatabase(
  program: "web" | "automate",
  { ownRoles = false } = {},
): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server)
    throw new Error(
      "TEST_DATABASE_URL is not set: run npm test, or node testing/scratch-postgres.mjs npx vitest run …",
    );
  const name = `t_${randomBytes(6).toString("hex")}`;
  const template = await copyTemplate(server, name);
  const urlFor = (user?: string) => urlOf(server, name, user);
  const rolePrefix = ownRoles ? name : template;
  if (ownRoles)
    await withClient(urlFor(), (owner) => admitPrograms(owner, { rolePrefix, logins: loginsOf(rolePrefix) }));
  const [webUrl, automateUrl] = Object.keys(loginsOf(rolePrefix)).map(urlFor);
  const made = { ownerUrl: urlFor(), webUrl: webUrl ?? "", automateUrl: automateUrl ?? "" };
  for (const identity of ["DATABASE_URL", "WEB_DATABASE_URL", "AUTOMATE_DATABASE_URL"])
    delete process.env[identity];
  process.env[program === "web" ? "WEB_DATABASE_URL" : "AUTOMATE_DATABASE_URL"] =
    program === "web" ? made.webUrl : made.automateUrl;
  return made;
}

/** The login roles of a prefix, with their password. */
const loginsOf = (rolePrefix: string) => ({
  [`${rolePrefix}_web_login`]: "test",
  [`${rolePrefix}_automate_login`]: "test",
});

/** The owner's URL of a new database without tables. */
export async function createEmptyDatabase(): Promise<string> {
  const server = process.env.TEST_DATABASE_URL ?? "";
  const name = `t_${randomBytes(6).toString("hex")}`;
  await withClient(server, async (admin) => void (await admin.query(`CREATE DATABASE ${name}`)));
  return urlOf(server, name);
}

// An arbitrary fixed number. One file creates the template while the others wait.
const advisoryLock = 5_114_027_365;

/** Copies a migrated template, and returns its name. */
async function copyTemplate(server: string, name: string): Promise<string> {
  const template = process.env.TEST_TEMPLATE;
  if (!template) throw new Error("TEST_TEMPLATE is not set: testing/postgres.ts names it for each run.");
  await withClient(server, async (admin) => {
    await admin.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
    const { rowCount } = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
    if (rowCount === 0) {
      // Renamed last, so that an interrupted run leaves no partial template.
      const draft = `${template}_draft`;
      await admin.query(`CREATE DATABASE ${draft}`);
      await migrate({ databaseUrl: urlOf(server, draft), rolePrefix: template, logins: loginsOf(template) });
      await admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
    }
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return template;
}

async function withClient(connectionString: string, use: (client: Client) => Promise<void>) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string, user?: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  if (user) Object.assign(url, { username: user, password: "test" });
  return url.href;
}
