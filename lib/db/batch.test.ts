import { expect, test } from "vitest";
import { createBatcher } from "@/lib/db/batch";

/** A batcher that records its batches. With `isSlow`, each batch takes until `release` is called. */
function create({
  maxItems = 10,
  lanes = 1,
  isSlow = false,
  isAlone = (_error: unknown): boolean => false,
} = {}) {
  const batches: number[][] = [];
  let release = () => {};
  const submit = createBatcher<number, string>(
    async (items) => {
      batches.push([...items]);
      if (isSlow) await new Promise<void>((resolve) => (release = resolve));
      if (items.includes(13)) throw new Error("thirteen");
      return items.map((item) => `${item}!`);
    },
    { maxItems, lanes, isAlone },
  );
  return { submit, batches, release: () => release() };
}
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("calls in one tick of the event loop share a batch, and each gets its own result", async () => {
  const { submit, batches } = create();
  expect(await Promise.all([submit([1]), submit([2, 3]), submit([])])).toEqual([["1!"], ["2!", "3!"], []]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("calls made while a batch runs join the next batch, which starts later", async () => {
  const { submit, batches, release } = create({ isSlow: true });
  const first = submit([1]);
  await turn();
  const others = [submit([2]), submit([3])];
  await turn();
  expect(batches).toEqual([[1]]);
  release();
  await first;
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
  release();
  await Promise.all(others);
});

test("a batch has a maximum size and never splits the items of one call", async () => {
  const { submit, batches } = create({ maxItems: 3 });
  await Promise.all([submit([1, 2]), submit([3, 4]), submit([5, 6, 7, 8]), submit([9])]);
  expect(batches).toEqual([[1, 2], [3, 4], [5, 6, 7, 8], [9]]);
});

test("a failed batch fails each of its callers, and the next batch succeeds", async () => {
  const { submit } = create();
  const outcomes = await Promise.allSettled([submit([1]), submit([13])]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await submit([2])).toEqual(["2!"]);
});

test("an error that belongs to one caller fails only that caller", async () => {
  const { submit, batches } = create({ isAlone: () => true });
  const outcomes = await Promise.allSettled([submit([1]), submit([13, 2]), submit([3])]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(batches).toEqual([[1, 13, 2, 3], [1], [13, 2], [3]]);
});
