import { expect, test } from "vitest";
import { createBatcher } from "@/lib/db/batch";

/** A batcher that writes down what travelled together; each batch takes until `release` is called, or no time. */
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

test("what comes in one turn of the event loop travels together, and each gets its own", async () => {
  const { submit, batches } = create();
  expect(await Promise.all([submit([1]), submit([2, 3]), submit([])])).toEqual([["1!"], ["2!", "3!"], []]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("what comes while a batch is under way goes with the next one, which begins later", async () => {
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

test("a batch is bounded, and the items of one call are never split", async () => {
  const { submit, batches } = create({ maxItems: 3 });
  await Promise.all([submit([1, 2]), submit([3, 4]), submit([5, 6, 7, 8]), submit([9])]);
  expect(batches).toEqual([[1, 2], [3, 4], [5, 6, 7, 8], [9]]);
});

test("a batch that fails, fails for each of its callers, and the next one is served", async () => {
  const { submit } = create();
  const outcomes = await Promise.allSettled([submit([1]), submit([13])]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await submit([2])).toEqual(["2!"]);
});

test("an error that is one caller's alone fails that one", async () => {
  const { submit, batches } = create({ isAlone: () => true });
  const outcomes = await Promise.allSettled([submit([1]), submit([13, 2]), submit([3])]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(batches).toEqual([[1, 13, 2, 3], [1], [13, 2], [3]]);
});
