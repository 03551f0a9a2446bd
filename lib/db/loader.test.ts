import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeDb } from "@/lib/db/client";
import { createLoader, createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";
import { createTestDatabase } from "@/testing/database";

/** A loader that records its batches. Each batch takes until `release` is called. */
function create(maxBatchSize?: number) {
  const batches: number[][] = [];
  const held: (() => void)[] = [];
  const load = createLoader<number, string>(async (keys) => {
    batches.push([...keys]);
    await new Promise<void>((resolve) => held.push(resolve));
    if (keys.includes(13)) throw new Error("thirteen");
    return keys.map((key) => `${key}!`);
  }, maxBatchSize);
  return { load, batches, release: () => held.shift()?.() };
}
const tick = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe("a loader", () => {
  test("loads the keys of one tick in one batch, and returns each caller its own values", async () => {
    const { load, batches, release } = create();
    const all = Promise.all([load([1]), load([2, 3]), load([])]);
    await tick();
    release();
    expect(await all).toEqual([["1!"], ["2!", "3!"], []]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test("loads keys that arrive while two batches are in flight in a batch that starts later", async () => {
    const { load, batches, release } = create();
    const all = [];
    for (const key of [1, 2, 3, 4]) {
      all.push(load([key]));
      await tick();
    }
    expect(batches).toEqual([[1], [2]]);
    release();
    await tick();
    expect(batches).toEqual([[1], [2], [3, 4]]);
    release();
    release();
    expect(await Promise.all(all)).toEqual([["1!"], ["2!"], ["3!"], ["4!"]]);
  });

  test("splits keys into batches of the largest size", async () => {
    const { load, batches, release } = create(3);
    const all = load([1, 2, 3, 4, 5]);
    await tick();
    release();
    release();
    expect(await all).toEqual(["1!", "2!", "3!", "4!", "5!"]);
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test("fails each caller of a failed batch, and works again afterwards", async () => {
    const { load, batches, release } = create();
    const both = Promise.allSettled([load([1]), load([13])]);
    await tick();
    release();
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    // Only a key that Postgres refuses is loaded alone.
    expect(batches).toEqual([[1, 13]]);
    const again = load([2]);
    await tick();
    release();
    expect(await again).toEqual(["2!"]);
  });
});

describe("a loader of rows", () => {
  type Row = { n: number; value: string };
  const echo = preparedQuery<Row>(
    `SELECT input.n::int AS n, input.value FROM unnest($1::text[]) WITH ORDINALITY AS input(value, n) WHERE input.value <> 'none'`,
  );
  let batches: string[][];
  const find = createRowLoader<string, Row>((values) => {
    batches.push([...values]);
    return echo(values);
  });
  beforeAll(() => createTestDatabase("web"));
  afterAll(closeDb);

  test("returns each caller its own rows, with one query", async () => {
    batches = [];
    const answers = await Promise.all([find(["a", "none"]), find(["b"]), find(["a"])]);
    expect(answers.map((rows) => rows.map((row) => row?.value))).toEqual([["a", undefined], ["b"], ["a"]]);
    expect(batches).toEqual([["a", "none", "b", "a"]]);
  });

  test("fails only the caller whose key Postgres refuses", async () => {
    batches = [];
    const [bad, good] = await Promise.allSettled([find(["\0"]), find(["a", "b"])]);
    expect(bad).toMatchObject({ status: "rejected" });
    expect(good).toMatchObject({ status: "fulfilled", value: [{ value: "a" }, { value: "b" }] });
    expect(batches).toEqual([["\0", "a", "b"], ["\0"], ["a"], ["b"]]);
  });

  test("loads no key again after Postgres cancelled a batch: each would wait as long once more", async () => {
    const cancelled = preparedQuery<Row>(
      `SELECT input.n::int AS n, input.value FROM unnest($1::text[]) WITH ORDINALITY AS input(value, n)
       WHERE pg_cancel_backend(pg_backend_pid()) AND pg_sleep(5) IS NOT NULL`,
    );
    let times = 0;
    const load = createRowLoader<string, Row>((values) => {
      times += 1;
      return cancelled(values);
    });
    const both = await Promise.allSettled([load(["a"]), load(["b"])]);
    expect(both).toMatchObject([
      { status: "rejected", reason: { code: "57014" } },
      { status: "rejected", reason: { code: "57014" } },
    ]);
    expect(times).toBe(1);
  });
});
