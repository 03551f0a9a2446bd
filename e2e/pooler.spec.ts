import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, test } from "@/e2e/fixtures";
import { addCaller, migrateOther } from "@/e2e/other-database";
import { startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { type PoolMode, startPgBouncer } from "@/testing/pgbouncer";
import { startRestartablePostgres } from "@/testing/restartable-postgres";
import { signRequest } from "@/testing/signed-request";
import { stack } from "@/testing/stack-address";

/*
 * Web and automate as shipped, with PgBouncer between them and Postgres.
 * Runs only in `npm run test:long`, because it requires PgBouncer on the machine.
 */
const modes: { mode: PoolMode; settings: Record<string, string> }[] = [
  { mode: "session", settings: {} },
  { mode: "transaction", settings: { DB_PREPARED_STATEMENTS: "off" } },
];

async function setTimeLimits(ownerUrl: string, urls: readonly string[]) {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  for (const url of urls) {
    const role = pg.escapeIdentifier(new URL(url).username);
    await owner.query(`ALTER ROLE ${role} SET statement_timeout = 15000`);
    await owner.query(`ALTER ROLE ${role} SET idle_in_transaction_session_timeout = 60000`);
  }
  await owner.end();
}

async function ask(url: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: { ...headers, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

/** What the running test started. It ends also when the test fails. */
const started: { stop(): Promise<unknown> }[] = [];
const keep = <T extends { stop(): Promise<unknown> }>(program: T): T => {
  started.push(program);
  return program;
};

test.afterEach(async () => {
  for (const program of started.splice(0).reverse()) await program.stop();
});

for (const { mode, settings } of modes)
  test(`through PgBouncer in ${mode} mode, web and automate require time limits and then serve everything`, {
    tag: "@long",
  }, async () => {
    test.setTimeout(180_000);
    const postgres = await startRestartablePostgres();
    keep({ stop: () => postgres.remove() });
    const direct = await migrateOther(postgres.url, "pooled");
    const urls = [direct.web, direct.automate];
    let pooler = keep(await startPgBouncer(mode, urls));
    const { userId, team, token } = await addCaller(postgres.url);
    const name = `automate-through-${mode}-pooler`;
    const startAutomate = () =>
      startAutomateCopy(name, [], { AUTOMATE_DATABASE_URL: pooler.through(direct.automate), ...settings });
    await expect(startAutomate()).rejects.toThrow(
      'ALTER ROLE "pooled_automate_login" SET idle_in_transaction_session_timeout = 60000;',
    );
    await setTimeLimits(postgres.url, urls);
    await pooler.stop();
    pooler = keep(await startPgBouncer(mode, urls));
    const automate = keep(await startAutomate());
    const web = keep(
      await startWebCopy(`web-through-${mode}-pooler`, () => ({
        WEB_DATABASE_URL: pooler.through(direct.web),
        AUTOMATE_URL: automate.internalUrl,
        ...settings,
      })),
    );
    const api = (path: string, body?: object) =>
      ask(
        `${web.url}/api/orchestration/fabric${path}`,
        { "x-auth-token": token, "idempotency-key": randomUUID() },
        body,
      );
    const fabric = await api("", { name: "Loom", teamName: team, provider: "none" });
    expect(fabric.status).toBe(200);
    const { id: fabricId } = fabric.json.data;
    const signer = { automateUrl: automate.internalUrl, signingKey: stack().webEnv.WEB_SIGNING_KEY ?? "" };
    const minted = await fetch(
      await signRequest(signer, { userId, fabricId }, "token:create", { name: "nightly", expiresAt: null }),
    );
    const { token: pipelineToken } = await minted.json();
    const read = (secret: string) =>
      ask(`${automate.url}/v1/secrets/${secret}`, { authorization: `Bearer ${pipelineToken}` });

    const round = async (n: number) => {
      const value = `${stack().canary}${n}`;
      const created = await api(`/${fabricId}/secret`, {
        kind: "prophecy",
        subKind: "text",
        properties: { name: `s${n}`, value },
      });
      const listed = await api(`/${fabricId}/secret?limit=5`);
      const opened = await read(`s${n}`);
      return {
        statuses: [created.status, listed.status, opened.status],
        isRight: opened.json.value === value,
      };
    };
    const rounds = await Promise.all(Array.from({ length: 60 }, (_, n) => round(n)));
    expect(rounds).toEqual(rounds.map(() => ({ statuses: [200, 200, 200], isRight: true })));
    expect(await ask(`${automate.url}/readyz`, {})).toMatchObject({ status: 200 });
  });
