import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { builds } from "@/launcher/build.mjs";
import { nodeRuntime } from "@/launcher/node-runtime.mjs";
import { run } from "@/launcher/processes.mjs";
import { ownerEnvironment } from "@/launcher/programs.mjs";

/** Migrates a database apart from the stack's; returns the URLs of its two programs. */
export async function migrateOther(url: string, prefix: string): Promise<{ web: string; automate: string }> {
  const login = (program: string) => `${prefix}_${program}_login`;
  const logins = JSON.stringify({ [login("web")]: "test", [login("automate")]: "test" });
  const env = ownerEnvironment(url, prefix, { MIGRATE_LOGINS: logins });
  await run(nodeRuntime(), [`${builds.test.dist}/migrate.mjs`], { env });
  const urlFor = (program: string) => url.replace(/\/\/[^@]*@/, `//${login(program)}:test@`);
  return { web: urlFor("web"), automate: urlFor("automate") };
}

/** The Admin of a team in it, with an access token. */
export async function addCaller(url: string): Promise<{ userId: string; team: string; token: string }> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const [userId, teamId] = [uuidv7(), uuidv7()];
  const body = `svu_${randomBytes(32).toString("base64url")}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  const token = `${body}${checksum.toString("base64url")}`;
  const tokenHash = createHash("sha256").update(token).digest("base64url");
  await owner.query(`INSERT INTO app_user (id, email, "emailKey", name) VALUES ($1, $2, $2, 'Uri')`, [
    userId,
    "uri@test.example",
  ]);
  await owner.query(`INSERT INTO team (id, name, "nameKey") VALUES ($1, 'Other', 'other')`, [teamId]);
  await owner.query(`INSERT INTO membership ("teamId", "userId", role) VALUES ($1, $2, 'admin')`, [
    teamId,
    userId,
  ]);
  await owner.query(
    `INSERT INTO access_token (id, "userId", name, "tokenHash") VALUES ($1, $2, 'scripts', $3)`,
    [uuidv7(), userId, tokenHash],
  );
  await owner.end();
  return { userId, team: "Other", token };
}
