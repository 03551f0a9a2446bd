import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { pool } from "@/lib/db/pool";
import { createSecret } from "@/lib/secrets/mutations";
import { listSecrets } from "@/lib/secrets/queries";
import { secretListQuery } from "@/lib/secrets/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

const count = process.env.RUN_LONG ? 100_000 : 10_000;
/** A page of 50 looks up some rows for each secret; the rows in between and the other pages cost nothing. */
const mostBuffers = 4_000;
/** Half of the secrets, in the short form. *failing* reads the thousand connections several times. */
const mostRows = { failing: 8_000, other: 5_000 };

let owner: Db;
let client: Client;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { QUOTA_SECRETS_PER_FABRIC: String(2 * count) });
  const urls = await createTestDatabase("web");
  owner = createDb(urls.ownerUrl);
  client = new Client({ connectionString: urls.ownerUrl });
  await client.connect();
  await client.query("SET statement_timeout = 0");
  fabric = await createTestFabric(owner);
  const run = (text: string) =>
    client.query(
      text.replaceAll("$fabric", `'${fabric.fabricId}'`).replaceAll("$team", `'${fabric.teamId}'`),
    );
  // One secret of a thousand was never replaced, and fifty are unused.
  await run(`
    WITH added AS (
      INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", "createdById", "createdByName", "updatedById", "updatedByName", "isReplaced")
      SELECT 's' || n, $fabric, 's' || n, 's' || n, 'text', 'a', 'Ada', 'a', 'Ada', n % 1000 <> 777 FROM generate_series(1, ${count}) AS n
      RETURNING id, "isReplaced"
    ) INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
    SELECT id, version, $fabric, '{"value": 1}', '{}', 'a', 'Ada' FROM added CROSS JOIN generate_series(1, 2) AS version
    WHERE version = 1 OR "isReplaced"`);
  await run(`
    INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId")
    SELECT $fabric, 's' || n, 's' || n, 's' || n FROM generate_series(1, ${count}) AS n`);
  await run(`
    INSERT INTO secret_use ("secretId", "fabricId", "isUsed", "idleSince")
    SELECT 's' || n, $fabric, n % 3 > 0, now() - CASE WHEN n % ${count / 50} = 5 THEN 100 ELSE n % 80 END * interval '1 day'
    FROM generate_series(1, ${count}) AS n`);
  // A tenth has a connection. Of these, fifty fail.
  await run(`
    WITH made AS (
      INSERT INTO connection (id, "fabricId", name, "nameKey", kind, properties, "configHash", "createdById", "createdByName", "updatedById", "updatedByName")
      SELECT 'c' || n, $fabric, 'c' || n, 'c' || n, 'postgres', '{}', 'c' || n, 'a', 'Ada', 'a', 'Ada' FROM generate_series(1, ${count / 10}) AS n
    ), failing AS (
      INSERT INTO failing_check ("fabricId", "configHash", code, "actorId")
      SELECT $fabric, 'c' || n, 'unreachable', 'automate' FROM generate_series(1, 50) AS n
    ) SELECT`);
  await run(`
    INSERT INTO connection_secret ("connectionId", field, "secretId", "fabricId")
    SELECT 'c' || n, 'password', 's' || n, $fabric FROM generate_series(1, ${count / 10}) AS n`);
  // Another tenth has a rotation. Of these, fifty fail. Fifty sign in with the same secret.
  await run(`
    INSERT INTO password_rotation ("secretId", "fabricId", "connectionId", method, "administratorId", length, alphabet, failures, "setById", "setByName")
    SELECT 's' || n, $fabric, 'c', 'pair', 's' || n % ${count / 500} * 100 + 5, 20, 'symbols', (n % ${count / 500} = 0)::int, 'a', 'Ada'
    FROM generate_series(${count / 2}, ${count / 2} + ${count / 10} - 1) AS n`);
  // The team has a thousand members, each of whom takes care of some secrets. Other teams have one member.
  await run(`
    WITH other AS (INSERT INTO team (id, name, "nameKey") SELECT 't' || n, 't' || n, 't' || n FROM generate_series(0, 1999) AS n)
    INSERT INTO app_user (id, email, "emailKey", name) SELECT 'm' || n, 'm' || n, 'm' || n, 'm' || n FROM generate_series(0, 999) AS n`);
  await run(`
    INSERT INTO membership ("teamId", "userId", role, "createdAt")
    SELECT CASE WHEN n < 1000 THEN $team ELSE 't' || n - 1000 END, 'm' || n % 1000, 'user', '2026-01-01'
    FROM generate_series(0, 2999) AS n`);
  await run(
    `UPDATE secret SET "ownerId" = 'm' || substr(id, 2)::int % 1000, "ownerSince" = now() WHERE "fabricId" = $fabric`,
  );
  await client.query("VACUUM ANALYZE");
}, 300_000);

afterAll(async () => {
  await client.end();
  await owner.$disconnect();
  await closeDb();
});

type PlanNode = {
  "Node Type": string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: PlanNode[];
};

const literalOf = (value: unknown): string => {
  if (Array.isArray(value))
    return client.escapeLiteral(`{${value.map((one) => JSON.stringify(one)).join(",")}}`);
  if (value instanceof Date) return client.escapeLiteral(value.toISOString());
  return typeof value === "number" ? String(value) : client.escapeLiteral(String(value));
};

/** New rows with other ids and names, so that a statement can run again. */
function renamed(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("[")) return value;
  const rows: { id: string; name?: string }[] = JSON.parse(value);
  return JSON.stringify(
    rows.map((row) => ({ ...row, id: uuidv7(), ...(row.name === undefined ? {} : { name: uuidv7() }) })),
  );
}

/** How Postgres plans a prepared statement: with its values, or after five executions also without them. */
const planned = ["force_custom_plan", "force_generic_plan"] as const;

type Statement = { text: string; values: unknown[] };

/** Measures what Postgres reads for those statements of `work` that match `kind`. */
async function readingOf(
  work: () => Promise<unknown>,
  { kind, count }: { kind: RegExp; count: number },
  plan: (typeof planned)[number],
) {
  const real = pool().query;
  const statements: Statement[] = [];
  pool().query = ((config: Statement) => {
    if (kind.test(config.text)) statements.push(config);
    return Reflect.apply(real, pool(), [config]);
  }) as never;
  await work().finally(() => {
    pool().query = real;
  });
  expect(statements).toHaveLength(count);
  const total = { buffers: 0, rows: 0 };
  for (const { text, values } of statements) {
    await client.query(`PREPARE measured AS ${text}`);
    await client.query("BEGIN");
    await client.query(`SET LOCAL plan_cache_mode = ${plan}`);
    const execute = `EXECUTE measured(${values.map(renamed).map(literalOf).join(", ")})`;
    const explained = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`);
    await client.query("ROLLBACK");
    await client.query("DEALLOCATE measured");
    const root: PlanNode = explained.rows[0]["QUERY PLAN"][0].Plan;
    total.buffers += root["Shared Hit Blocks"] + root["Shared Read Blocks"];
    total.rows += rowsOf(root);
  }
  return total;
}

/** The rows that its scans read, also those that a filter removes. */
function rowsOf(node: PlanNode): number {
  const own = (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
  const below = (node.Plans ?? []).map(rowsOf);
  return below.reduce((sum, rows) => sum + rows, node["Node Type"].includes("Scan") ? own : 0);
}

const never = count / 1000;
test.each([
  [{}, 50],
  [{ sort: "used" }, 50],
  [{ sort: "used", order: "desc" }, 50],
  [{ state: "unused" }, 50],
  [{ state: "unused", sort: "used" }, 50],
  [{ state: "unused", sort: "updated", order: "desc" }, 50],
  [{ search: "s777" }, process.env.RUN_LONG ? 50 : 11],
  [{ type: "text" }, 50],
  [{ state: "expiring" }, 0],
  [{ state: "failing" }, 50],
  [{ state: "failing", sort: "used" }, 50],
  [{ state: "never_replaced" }, Math.min(50, never)],
  [{ state: "never_replaced", sort: "used" }, Math.min(50, never)],
] as const)("a page of many secrets with %j reads only what it shows, by index", async (query, found) => {
  let shown = 0;
  const list = async () => {
    const { secrets } = await listSecrets(fabric.scope("user", "secret:list"), secretListQuery.parse(query));
    shown = secrets.length;
  };
  // Postgres plans each search with its text: only then it knows how many secrets match.
  for (const plan of "search" in query ? planned.slice(0, 1) : planned) {
    const reading = await readingOf(list, { kind: /^(SELECT s\.|WITH s AS)/, count: found ? 2 : 1 }, plan);
    expect(shown).toBe(found);
    expect(reading.buffers, plan).toBeLessThan(mostBuffers);
    const isFailing = "state" in query && query.state === "failing";
    expect(reading.rows, plan).toBeLessThan(isFailing ? mostRows.failing : mostRows.other);
  }
});

test.each(["user", "admin"] as const)(
  "a secret that a %s stores among many reads nothing of the others",
  async (role) => {
    const input = { subKind: "text", name: "new", description: "", fields: { value: "canary" } } as const;
    const create = async () => {
      // The statement runs in a transaction that is rolled back, but for this one.
      await owner.secret.deleteMany({ where: { fabricId: fabric.fabricId, name: "new" } });
      expect(await createSecret(fabric.scope(role, "secret:write"), input)).toMatchObject({ ok: true });
    };
    for (const plan of planned) {
      const reading = await readingOf(create, { kind: /^WITH input AS/, count: 1 }, plan);
      expect(reading.rows, plan).toBeLessThan(100);
    }
  },
);
