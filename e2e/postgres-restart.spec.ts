import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { startWebCopy } from "@/e2e/program-copy";
import { builds } from "@/scripts/build.mjs";
import { nodeRuntime } from "@/scripts/node-runtime.mjs";
import { run } from "@/scripts/processes.mjs";
import { ownerEnvironment } from "@/scripts/programs.mjs";
import { startRestartablePostgres } from "@/scripts/restartable-postgres";

const restarts: ("fast" | "killed")[] = process.env.RUN_LONG
  ? [...Array<"fast">(12).fill("fast"), ...Array<"killed">(4).fill("killed")]
  : ["fast", "killed"];
test.setTimeout(60_000 + restarts.length * 20_000);

/** A person with an access token, in a database of their own. */
async function addCaller(url: string): Promise<string> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const userId = uuidv7();
  const body = `svu_${randomBytes(32).toString("base64url")}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  const token = `${body}${checksum.toString("base64url")}`;
  const tokenHash = createHash("sha256").update(token).digest("base64url");
  await owner.query(`INSERT INTO app_user (id, email, "emailKey", name) VALUES ($1, $2, $2, 'Uri')`, [
    userId,
    "uri@test.example",
  ]);
  await owner.query(
    `INSERT INTO access_token (id, "userId", name, "tokenHash") VALUES ($1, $2, 'scripts', $3)`,
    [uuidv7(), userId, tokenHash],
  );
  await owner.end();
  return token;
}

test("web lives on while Postgres restarts, answers 503, and serves within two seconds of its return", async () => {
  const postgres = await startRestartablePostgres();
  const logins = JSON.stringify({ restart_web_login: "test" });
  const env = ownerEnvironment(postgres.url, "restart", { MIGRATE_LOGINS: logins });
  await run(nodeRuntime(), [`${builds.test.dist}/migrate.mjs`], { env });
  const token = await addCaller(postgres.url);
  const webUrl = postgres.url.replace(/\/\/[^@]*@/, "//restart_web_login:test@");
  const web = await startWebCopy("web-restarts", () => ({ WEB_DATABASE_URL: webUrl }));
  const list = async () => {
    const headers = { "x-auth-token": token };
    const response = await fetch(`${web.url}/api/orchestration/fabric`, { headers }).catch(() => null);
    await response?.arrayBuffer();
    return { status: response?.status, retryAfter: response?.headers.get("retry-after") };
  };
  try {
    expect(await list()).toMatchObject({ status: 200 });
    for (const how of restarts) {
      let isBack = false;
      const back = postgres.restart(how, 1000).finally(() => {
        isBack = true;
      });
      const meanwhile: Awaited<ReturnType<typeof list>>[] = [];
      while (!isBack) {
        meanwhile.push(await list());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await back;
      await expect.poll(async () => (await list()).status, { timeout: 2000, intervals: [50] }).toBe(200);
      const away = meanwhile.filter(({ status }) => status !== 200);
      expect(away.length).toBeGreaterThan(0);
      for (const answer of away) expect(answer).toEqual({ status: 503, retryAfter: "2" });
      expect(() => process.kill(web.pid(), 0)).not.toThrow();
    }
  } finally {
    await web.stop();
    await postgres.remove();
  }
});
