import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createRateLimit } from "@/automate/http/rate-limit";
import { purge } from "@/automate/purge";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";

let owner: Db;
let counter = 0;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

// The rate counts by minute: the clock stands still within one.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const someone = () => `someone ${counter++}`;
const outcomes = async (takes: Promise<void>[]) => {
  const settled = await Promise.allSettled(takes);
  return settled.filter(({ status }) => status === "fulfilled").length;
};

describe("the rate limit of a caller", () => {
  test("is shared by all automates, under concurrent requests", async () => {
    const copies = [createRateLimit(100), createRateLimit(100), createRateLimit(100)];
    const actor = someone();
    const takes = copies.flatMap((copy) => Array.from({ length: 80 }, () => copy.take(actor, 1)));
    expect(await outcomes(takes)).toBe(100);
  });

  test("is separate for each caller", async () => {
    const limit = createRateLimit(5);
    const [a, b] = [someone(), someone()];
    expect(await outcomes(Array.from({ length: 6 }, () => limit.take(a, 1)))).toBe(5);
    expect(await outcomes(Array.from({ length: 5 }, () => limit.take(b, 1)))).toBe(5);
  });

  test("counts each secret of a batch, and refuses a batch larger than the remainder", async () => {
    const limit = createRateLimit(50);
    const actor = someone();
    await limit.take(actor, 40);
    await expect(limit.take(actor, 20)).rejects.toMatchObject({
      status: 429,
      details: { retryAfterSeconds: expect.any(Number) },
    });
    await limit.take(actor, 10);
    await expect(limit.take(actor, 1)).rejects.toThrow("Too many requests");
  });

  test("requires few database queries, and automate deletes old minutes", async () => {
    const limit = createRateLimit(10_000);
    const actor = someone();
    await outcomes(Array.from({ length: 2000 }, () => limit.take(actor, 1)));
    const [row] = await owner.rateWindow.findMany({ where: { actor } });
    expect(row?.leased).toBe(2000);
    await owner.rateWindow.updateMany({ where: { actor }, data: { minute: new Date(0) } });
    await purge();
    expect(await owner.rateWindow.count({ where: { actor } })).toBe(0);
  });
});
