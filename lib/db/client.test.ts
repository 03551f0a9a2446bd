import { afterAll, beforeAll, expect, test } from "vitest";
import { createDb, type Db, type Tx } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";

let db: Db;

beforeAll(async () => {
  db = createDb((await createTestDatabase("automate")).automateUrl);
});

afterAll(() => db.$disconnect());

test("a transaction waits until another one releases its connection", async () => {
  const hold = (tx: Tx) => tx.$executeRaw`SELECT pg_sleep(2.5)`;
  const holding = Array.from({ length: 20 }, () => db.$transaction(hold));
  const waiting = db.$transaction((tx) => tx.$executeRaw`SELECT 1`);
  await expect(Promise.all([...holding, waiting])).resolves.toHaveLength(21);
});
