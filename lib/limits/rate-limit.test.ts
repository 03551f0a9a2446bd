import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { purge } from "@/automate/purge";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createRateLimit } from "@/lib/limits/rate-limit";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let counter = 0;

beforeAll(async () => {
  Object.assign(process.env, (await createTestKeys()).automate);
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
const outcomes = async (takes: Promise<number | null>[]) =>
  (await Promise.all(takes)).filter((seconds) => seconds === null).length;
const limitOf = (perMinute: number) => createRateLimit({ perMinute, table: "rate_window" });

describe("the rate limit of a caller", () => {
  test("is shared by all automates, under concurrent requests", async () => {
    const copies = [limitOf(100), limitOf(100), limitOf(100)];
    const actor = someone();
    const takes = copies.flatMap((copy) => Array.from({ length: 80 }, () => copy.take(actor, 1)));
    expect(await outcomes(takes)).toBe(100);
  });

  test("is separate for each caller", async () => {
    const limit = limitOf(5);
    const [a, b] = [someone(), someone()];
    expect(await outcomes(Array.from({ length: 6 }, () => limit.take(a, 1)))).toBe(5);
    expect(await outcomes(Array.from({ length: 5 }, () => limit.take(b, 1)))).toBe(5);
  });

  test("counts each secret of a batch, and refuses a batch larger than the remainder", async () => {
    const limit = limitOf(50);
    const actor = someone();
    vi.setSystemTime(new Date("2026-11-30T10:00:48.500Z"));
    await limit.take(actor, 40);
    expect(await limit.take(actor, 20)).toBe(12);
    expect(await limit.take(actor, 10)).toBeNull();
    expect(await limit.take(actor, 1)).toBe(12);
  });

  test("requires few database queries, and automate deletes old minutes", async () => {
    const limit = limitOf(10_000);
    const actor = someone();
    await outcomes(Array.from({ length: 2000 }, () => limit.take(actor, 1)));
    const [row] = await owner.rateWindow.findMany({ where: { actor } });
    expect(row?.leased).toBe(2000);
    await owner.rateWindow.updateMany({ where: { actor }, data: { minute: new Date(0) } });
    await purge();
    expect(await owner.rateWindow.count({ where: { actor } })).toBe(0);
  });
});
