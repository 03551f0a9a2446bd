import { expect, test } from "vitest";
import { createSlots } from "@/lib/limits/slots";

test("at most the given number runs at once, and the rest starts as slots are released", async () => {
  const slots = createSlots({ atOnce: 2 });
  const started: string[] = [];
  const work = ["a", "b", "c"].map(async (key) => {
    const slot = await slots.acquire(key);
    started.push(key);
    return slot;
  });
  await Promise.resolve();
  await Promise.all([work[0], work[1]]);
  expect(started).toEqual(["a", "b"]);
  (await work[0])?.release();
  await work[2];
  expect(started).toEqual(["a", "b", "c"]);
});

test("a key with a long queue waits for itself, not the others for it", async () => {
  const slots = createSlots({ atOnce: 1 });
  const order: string[] = [];
  const run = async (key: string) => {
    const slot = await slots.acquire(key);
    order.push(key);
    // A macrotask, as real work is.
    await new Promise((done) => setImmediate(done));
    slot?.release();
  };
  await Promise.all([run("greedy"), run("greedy"), run("greedy"), run("greedy"), run("small"), run("other")]);
  expect(order).toEqual(["greedy", "small", "other", "greedy", "greedy", "greedy"]);
});

test("one key runs only its own share, even when slots are free", async () => {
  const slots = createSlots({ atOnce: 4, atOncePerKey: 1, waitingPerKey: 1 });
  const slot = await slots.acquire("a");
  const second = Promise.resolve(slots.acquire("a"));
  expect(await slots.acquire("a")).toBeNull();
  expect(await slots.acquire("b")).not.toBeNull();
  slot?.release();
  expect(await second).not.toBeNull();
});

test("no more wait than the given number, in all and of one key", async () => {
  const slots = createSlots({ atOnce: 1, waiting: 2, waitingPerKey: 1 });
  const slot = await slots.acquire("a");
  const [b, c] = [slots.acquire("b"), slots.acquire("c")];
  expect(await slots.acquire("d")).toBeNull();
  slot?.release();
  expect(await b).not.toBeNull();
  expect(await slots.acquire("c")).toBeNull();
  (await b)?.release();
  expect(await c).not.toBeNull();
});

test("a slot that is released twice frees one slot", async () => {
  const slots = createSlots({ atOnce: 1, waiting: 0 });
  const first = await slots.acquire("a");
  first?.release();
  const second = await slots.acquire("b");
  first?.release();
  expect(await slots.acquire("c")).toBeNull();
  second?.release();
  expect(await slots.acquire("c")).not.toBeNull();
});

test("a caller that disconnects leaves the queue and takes no slot", async () => {
  const slots = createSlots({ atOnce: 1, waiting: 1 });
  const slot = await slots.acquire("a");
  let leave = () => {};
  const waiting = slots.acquire("b", (end) => {
    leave = end;
  });
  leave();
  expect(await waiting).toBeNull();
  // A second time has no effect: the queue still admits one.
  leave();
  const next = slots.acquire("c");
  expect(await slots.acquire("d")).toBeNull();
  slot?.release();
  expect(await next).not.toBeNull();
});

test("a caller that has its slot keeps it until it releases it", async () => {
  const slots = createSlots({ atOnce: 1 });
  const slot = await slots.acquire("a");
  let leave = () => {};
  const waiting = slots.acquire("b", (end) => {
    leave = end;
  });
  slot?.release();
  const taken = await waiting;
  leave();
  const next = Promise.resolve(slots.acquire("c"));
  expect(await Promise.race([next, Promise.resolve("waits")])).toBe("waits");
  taken?.release();
  expect(await next).not.toBeNull();
});
