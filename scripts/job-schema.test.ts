import { Client } from "pg";
import PgBoss from "pg-boss";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkQueue, jobSchema } from "@/lib/connections/check-queue";
import { migrate } from "@/scripts/migration";
import { createTestDatabase, type TestDatabase } from "@/scripts/test-database";

let urls: TestDatabase;
const bosses: PgBoss[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  urls = await createTestDatabase("automate");
});

afterAll(async () => {
  for (const boss of bosses) await boss.stop({ graceful: false });
  for (const client of clients) await client.end();
});

async function start(connectionString: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, schema: jobSchema, migrate: false, schedule: false, max: 2 });
  boss.on("error", () => {});
  await boss.start();
  bosses.push(boss);
  return boss;
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  clients.push(client);
  return client;
}

const send = (boss: PgBoss, key: string) =>
  boss.send(checkQueue.name, { connectionId: key }, { singletonKey: key });

describe("the jobs of automate's role", () => {
  test("are sent, shared out and completed by two copies, each once", async () => {
    const copies = await Promise.all([start(urls.automateUrl), start(urls.automateUrl)]);
    const sent = await Promise.all(copies.flatMap((boss) => [send(boss, "a"), send(boss, "b")]));
    expect(sent.filter(Boolean)).toHaveLength(2);
    const fetched = await Promise.all(copies.map((boss) => boss.fetch(checkQueue.name, { batchSize: 5 })));
    const jobs = fetched.flat();
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(2);
    expect(jobs).toHaveLength(2);
    for (const { id } of jobs) await copies[0]?.complete(checkQueue.name, id);
    expect(await copies[1]?.fetch(checkQueue.name)).toEqual([]);
  });

  test("are maintained: those of a copy that died count as failed, and old ones go", async () => {
    const boss = await start(urls.automateUrl);
    const owner = await connect(urls.ownerUrl);
    const id = await send(boss, "died");
    await boss.fetch(checkQueue.name);
    await owner.query("UPDATE pgboss.job SET started_on = now() - interval '1 hour' WHERE id = $1", [id]);
    await boss.maintain();
    expect((await boss.getJobById(checkQueue.name, id ?? ""))?.state).toBe("failed");
    await owner.query("UPDATE pgboss.job SET completed_on = now() - interval '30 days' WHERE id = $1", [id]);
    await boss.maintain();
    expect(await boss.getJobById(checkQueue.name, id ?? "")).toBeNull();
  });

  test("may take turns at maintaining", async () => {
    const client = await connect(urls.automateUrl);
    const { rowCount } = await client.query("UPDATE pgboss.version SET maintained_on = now()");
    expect(rowCount).toBe(1);
  });

  test.each([
    ["automateUrl", "make a table", "CREATE TABLE pgboss.mine (x int)"],
    ["automateUrl", "make a queue", "SELECT pgboss.create_queue('mine', '{}')"],
    ["automateUrl", "drop a queue", "SELECT pgboss.delete_queue('background-check')"],
    ["automateUrl", "change a queue", "UPDATE pgboss.queue SET retry_limit = 9"],
    ["automateUrl", "claim another version", "UPDATE pgboss.version SET version = 1"],
    ["automateUrl", "empty the jobs past their rows", "TRUNCATE pgboss.job"],
    ["webUrl", "read jobs", "SELECT 1 FROM pgboss.job"],
    ["webUrl", "send a job", "INSERT INTO pgboss.job (name) VALUES ('background-check')"],
    ["webUrl", "make a queue", "SELECT pgboss.create_queue('mine', '{}')"],
  ] as const)("%s may not %s", async (role, _what, sql) => {
    const client = await connect(urls[role]);
    await expect(client.query(sql)).rejects.toMatchObject({ code: "42501" });
  });

  test("stay when the database is migrated again", async () => {
    const boss = await start(urls.automateUrl);
    const id = await send(boss, "stays");
    const rolePrefix = new URL(urls.ownerUrl).pathname.slice(1);
    await migrate({ databaseUrl: urls.ownerUrl, rolePrefix, logins: {} });
    expect((await boss.getJobById(checkQueue.name, id ?? ""))?.state).toBe("created");
  });
});
