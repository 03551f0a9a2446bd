import { expect, test } from "vitest";
import { createTurns } from "@/lib/limits/turns";

test("at most the given number runs at once, and the rest starts as turns end", async () => {
  const turns = createTurns({ atOnce: 2 });
  const started: string[] = [];
  const work = ["a", "b", "c"].map(async (key) => {
    const end = await turns.take(key);
    started.push(key);
    return end;
  });
  await Promise.resolve();
  await Promise.all([work[0], work[1]]);
  expect(started).toEqual(["a", "b"]);
  (await work[0])?.();
  await work[2];
  expect(started).toEqual(["a", "b", "c"]);
});

test("a key with a long line waits for itself, not the others for it", async () => {
  const turns = createTurns({ atOnce: 1 });
  const order: string[] = [];
  const run = async (key: string) => {
    const end = await turns.take(key);
    order.push(key);
    // A macrotask, as real work is.
    await new Promise((done) => setImmediate(done));
    end?.();
  };
  await Promise.all([run("greedy"), run("greedy"), run("greedy"), run("greedy"), run("small"), run("other")]);
  expect(order).toEqual(["greedy", "small", "other", "greedy", "greedy", "greedy"]);
});

test("one key runs only its own share, even when turns are free", async () => {
  const turns = createTurns({ atOnce: 4, atOncePerKey: 1, waitingPerKey: 1 });
  const end = await turns.take("a");
  const second = Promise.resolve(turns.take("a"));
  expect(await turns.take("a")).toBeNull();
  expect(await turns.take("b")).toBeTypeOf("function");
  end?.();
  expect(await second).toBeTypeOf("function");
});

test("no more wait than the given number, in all and of one key", async () => {
  const turns = createTurns({ atOnce: 1, waiting: 2, waitingPerKey: 1 });
  const end = await turns.take("a");
  const [b, c] = [turns.take("b"), turns.take("c")];
  expect(await turns.take("d")).toBeNull();
  end?.();
  expect(await b).toBeTypeOf("function");
  expect(await turns.take("c")).toBeNull();
  (await b)?.();
  expect(await c).toBeTypeOf("function");
});

test("a turn that ends twice frees one turn", async () => {
  const turns = createTurns({ atOnce: 1, waiting: 0 });
  const first = await turns.take("a");
  first?.();
  const second = await turns.take("b");
  first?.();
  expect(await turns.take("c")).toBeNull();
  second?.();
  expect(await turns.take("c")).toBeTypeOf("function");
});

test("a caller that disconnects leaves the line and takes no turn", async () => {
  const turns = createTurns({ atOnce: 1, waiting: 1 });
  const end = await turns.take("a");
  const gone = new AbortController();
  const waiting = turns.take("b", gone.signal);
  gone.abort();
  expect(await waiting).toBeNull();
  const next = turns.take("c");
  end?.();
  expect(await next).toBeTypeOf("function");
  expect(await turns.take("d", gone.signal)).toBeNull();
});
