import { afterAll, beforeAll, expect, test } from "vitest";
import { openPool, queryTimeoutMs } from "@/lib/db/pool";
import { watchWrites } from "@/lib/db/writes";
import { createTestDatabase } from "@/testing/database";
import { openWire } from "@/testing/wire";

let urls: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: ReturnType<typeof openPool>;
let owner: ReturnType<typeof openPool>;

beforeAll(async () => {
  urls = await createTestDatabase("web");
  pool = openPool(urls.webUrl, 2);
  owner = openPool(urls.ownerUrl, 1);
});
afterAll(() => Promise.all([pool.end(), owner.end()]));

test("a connection that breaks while checked out raises errors only in its own queries", async () => {
  const client = await pool.connect();
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  await owner.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
  await ended;
  await expect(client.query("SELECT 1")).rejects.toThrow();
  client.release(true);
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a write that waited for another request's connection counts for its own request", async () => {
  const writes = ["name", "other"].map((name) => ({
    watch: watchWrites(),
    text: `INSERT INTO team (id, name, "nameKey") VALUES ('${name}', '${name}', '${name}')`,
  }));
  const readers = [watchWrites(), watchWrites()];
  await Promise.all([
    ...readers.map((reader) => reader.run(() => pool.query("SELECT pg_sleep(0.1)"))),
    ...writes.map(({ watch, text }) => watch.run(() => pool.query(text))),
  ]);
  expect(writes.map(({ watch }) => watch.saved())).toEqual(["something", "something"]);
  expect(readers.map((reader) => reader.saved())).toEqual(["nothing", "nothing"]);
});

test("a query on a silent connection times out, and the next query gets another connection", async () => {
  const wire = await openWire(urls.webUrl);
  const silent = openPool(wire.url, 1);
  await silent.query("SELECT 1");
  wire.hold();
  const startedAt = performance.now();
  await expect(silent.query("SELECT 1")).rejects.toThrow("Query read timeout");
  expect(performance.now() - startedAt).toBeLessThan(queryTimeoutMs + 5_000);
  wire.hold(false);
  expect((await silent.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
  await silent.end();
  await wire.close();
});
