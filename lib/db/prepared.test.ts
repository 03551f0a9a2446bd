import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDb, type Db } from "@/lib/db/client";
import { closeStatements, statement } from "@/lib/db/prepared";
import { createTestDatabase } from "@/testing/database";

const connections = 8;
const busy = statement<{ n: number }>("SELECT $1::int AS n, pg_sleep(0.2)::text", "lists");
const list = statement<{ count: number; reading: number }>(
  `SELECT count(*)::int, nextval('reading')::int AS reading FROM thing WHERE name LIKE $1`,
  "lists",
);
let owner: Db;

beforeAll(async () => {
  const { ownerUrl } = await createTestDatabase("web");
  owner = createDb(ownerUrl);
  await owner.$executeRaw`CREATE TABLE thing (name text)`;
  await owner.$executeRaw`CREATE SEQUENCE reading`;
  await owner.$executeRaw`GRANT SELECT ON thing TO PUBLIC`;
  await owner.$executeRaw`GRANT USAGE ON reading TO PUBLIC`;
});

afterAll(async () => {
  await closeStatements();
  await owner.$disconnect();
});

/** Keeps every connection for lists busy for a while. */
const occupy = () => Promise.all(Array.from({ length: connections }, (_, n) => busy(n)));

describe("list queries that arrive while all connections are busy", () => {
  test("run once for all callers with the same query, after the last of them called", async () => {
    const occupied = occupy();
    const first = list("%");
    await owner.$executeRaw`INSERT INTO thing VALUES ('made meanwhile')`;
    const [[one], [other], [else_]] = await Promise.all([first, list("%"), list("other%")]);
    expect(one).toMatchObject({ count: 1 });
    expect(other).toEqual(one);
    expect(else_).toMatchObject({ count: 0 });
    expect(else_?.reading).not.toBe(one?.reading);
    await occupied;
  });

  test("run again for a caller that comes after they started", async () => {
    const [before] = await list("%");
    await owner.$executeRaw`INSERT INTO thing VALUES ('made after')`;
    const [after] = await list("%");
    expect(after?.count).toBe((before?.count ?? 0) + 1);
  });

  test("fail for all callers with the same query, and the next query works", async () => {
    const occupied = occupy();
    const failed = await Promise.allSettled([list("\0"), list("\0"), list("%")]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    await occupied;
    expect(await list("made%")).toHaveLength(1);
  });
});
