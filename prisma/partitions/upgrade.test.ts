import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyMigrations, migrationNames } from "@/prisma/migrate/apply-migrations";
import { indexAccessTokens } from "@/prisma/migrate/index-access-tokens";
import { asMigrator } from "@/prisma/migrate/migration";
import { createPartitions, listPartitions, monthOf } from "@/prisma/partitions/partitions";
import { createEmptyDatabase } from "@/testing/database";

/* A log of an earlier version gets partitions while programs of that version run. */

const columns = `id, "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName"`;
const role = `writer_${uuidv7().slice(-8)}`;
let databaseUrl: string;
let owner: Client;

beforeAll(async () => {
  databaseUrl = await createEmptyDatabase();
  owner = new Client({ connectionString: databaseUrl });
  await owner.connect();
  await owner.query(`CREATE ROLE ${role} NOLOGIN; GRANT ${role} TO CURRENT_USER`);
});
afterAll(async () => {
  await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await owner.end();
});

const log = () => undefined;
const put = (id: string) =>
  owner.query(
    `INSERT INTO audit_event (${columns}) VALUES ($1, 'f', 'user', 'u', 'Ada', 'secret.use', 'secret', 's', 'login')`,
    [id],
  );
const at = (date: Date) => uuidv7({ msecs: date.getTime() });

test("the events stay where they are, programs keep their rights, and each event is found", async () => {
  const names = await migrationNames();
  const before = (name: string) => name < "20261201080100_audit_fabric_index";
  await asMigrator(databaseUrl, (client) => applyMigrations(client, databaseUrl, log, names.filter(before)));
  await owner.query(
    `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT, INSERT (${columns}) ON audit_event TO ${role}`,
  );
  const ids = [at(monthOf(new Date(), -30)), at(new Date())];
  // A program whose clock was wrong, and an id that is no UUID.
  const later = [at(monthOf(new Date(), 60)), "no-uuid"];
  for (const id of [...ids, ...later]) await put(id);
  const { rows: stored } = await owner.query("SELECT id, at, ctid::text FROM audit_event ORDER BY id");

  await asMigrator(databaseUrl, async (client) => {
    await applyMigrations(client, databaseUrl, log);
    await createPartitions(client, { databaseUrl, log });
  });
  const { rows } = await owner.query(
    "SELECT id, at, ctid::text, tableoid::regclass::text AS name FROM audit_event ORDER BY id",
  );
  const isLater = ({ id }: { id: string }) => later.includes(id);
  expect(rows.filter(isLater).map(({ name }) => name)).toEqual([
    "audit_event_default",
    "audit_event_default",
  ]);
  expect(rows.filter((row) => !isLater(row))).toEqual(
    stored.filter((row) => !isLater(row)).map((row) => ({ ...row, name: "audit_event_first" })),
  );
  expect(rows.map(({ id, at: time }) => [id, time])).toEqual(stored.map(({ id, at: time }) => [id, time]));

  await owner.query(`SET ROLE ${role}`);
  await put(at(monthOf(new Date(), 3)));
  expect((await owner.query("SELECT id FROM audit_event")).rowCount).toBe(5);
  await expect(owner.query("DELETE FROM audit_event")).rejects.toThrow("permission denied");
  await owner.query("RESET ROLE");
  // Programs of the earlier version look for events by these, and there are events.
  const { rows: indexes } = await owner.query(
    `SELECT indexname FROM pg_indexes WHERE tablename = 'audit_event_first' AND indexname LIKE '%fabricId%' ORDER BY 1`,
  );
  expect(indexes.map(({ indexname }) => indexname)).toEqual([
    "audit_event_first_fabricId_id_idx",
    "audit_event_first_fabricId_objectId_id_idx",
  ]);
  expect((await listPartitions(owner)).map(({ name }) => name)[0]).toBe("audit_event_first");
});

test("each partition gets the index of events by access token, one that was interrupted and a later one too", async () => {
  const count = async () => {
    const { rows } = await owner.query(
      `SELECT x.indisvalid AS "isValid", (SELECT count(*)::int FROM pg_inherits WHERE inhparent = x.indexrelid) AS indexes
       FROM pg_index x WHERE x.indexrelid = 'audit_event_token_idx'::regclass`,
    );
    return rows[0];
  };
  const partitions = (await listPartitions(owner)).length;
  await owner.query(
    `CREATE INDEX audit_event_first_token_idx ON audit_event_first (id) WHERE (details ->> 'accessTokenId') IS NOT NULL`,
  );
  for (let times = 0; times < 2; times += 1) {
    await indexAccessTokens(owner);
    expect(await count()).toEqual({ isValid: true, indexes: partitions });
  }
  const now = monthOf(new Date(), 5);
  const created = await asMigrator(databaseUrl, (client) =>
    createPartitions(client, { databaseUrl, log, now }),
  );
  expect(created.length).toBeGreaterThan(0);
  expect(await count()).toEqual({ isValid: true, indexes: partitions + created.length });
});

test("an index that was not finished is created again", async () => {
  const name = "20261201080102_audit_actor_index";
  const url = await createEmptyDatabase();
  const until = (await migrationNames()).filter((one) => one <= name);
  await asMigrator(url, (client) => applyMigrations(client, url, log, until));
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`UPDATE "_prisma_migrations" SET finished_at = NULL WHERE migration_name = $1`, [name]);
  await client.query(
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'audit_event_actor_idx'::regclass",
  );
  await asMigrator(url, (migrator) => applyMigrations(migrator, url, log));
  const { rows } = await client.query(
    `SELECT count(*)::int AS invalid FROM pg_index WHERE indrelid IN (SELECT inhrelid FROM pg_inherits) AND NOT indisvalid`,
  );
  expect(rows).toEqual([{ invalid: 0 }]);
  await client.end();
});
