import { afterAll, beforeAll, expect, test } from "vitest";
import { purge } from "@/automate/purge";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";

let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 60 * 60_000);

test("a create by an Idempotency-Key is remembered for a day, and then deleted", async () => {
  const create = { bodyMac: "mac", objectId: "object" };
  await owner.idempotentCreate.createMany({
    data: [
      { ...create, key: "replayed", createdAt: hoursAgo(23.9) },
      { ...create, key: "old", createdAt: hoursAgo(25.1) },
    ],
  });
  await purge();
  expect(await owner.idempotentCreate.findMany({ select: { key: true } })).toEqual([{ key: "replayed" }]);
});
