import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { createTestDatabase } from "@/testing/database";

let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});

afterAll(async () => {
  await closeDb();
  await owner.$disconnect();
});

test("Prisma and prepared queries of a program share one pool of 20 connections", async () => {
  const pid = preparedQuery<{ pid: number }>("SELECT pg_backend_pid() AS pid, pg_sleep(0.3)::text AS slept");
  const prisma = () =>
    db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid, pg_sleep(0.3)::text AS slept`;
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? pid() : prisma())));
  expect(new Set(answers.flat().map((row) => row.pid)).size).toBe(20);
  const [{ count } = { count: 0 }] = await owner.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND usename <> current_user`;
  expect(count).toBe(20);
});

test("each connection prepares a query once", async () => {
  const query = preparedQuery<{ one: number }>("SELECT 1 AS one");
  const named = preparedQuery<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_prepared_statements WHERE statement = 'SELECT 1 AS one'",
  );
  for (let n = 0; n < 5; n += 1) expect(await query()).toEqual([{ one: 1 }]);
  expect(await named()).toEqual([{ count: 1 }]);
});
