/** Runs the items of several callers as one batch. Returns one result for each item, in order. */
export type Batcher<T, R> = (items: readonly T[]) => Promise<R[]>;

type Caller<T, R> = { items: readonly T[]; resolve(results: R[]): void; reject(error: unknown): void };

/**
 * Coalesces concurrent calls into batches, at most `lanes` in flight. Calls made in the same tick share a
 * batch; later calls join the next one. The items of one call stay together.
 * If a batch fails, each of its callers gets the error. If `isAlone(error)` is true, the batcher runs each
 * call again on its own, so that only the faulty call fails.
 */
export function createBatcher<T, R>(
  run: (items: readonly T[]) => Promise<readonly R[]>,
  {
    maxItems,
    lanes,
    isAlone = () => false,
  }: { maxItems: number; lanes: number; isAlone?: (error: unknown) => boolean },
): Batcher<T, R> {
  const waiting: Caller<T, R>[] = [];
  let underWay = 0;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned || underWay >= lanes || waiting.length === 0) return;
    isPlanned = true;
    // Waits until this tick has read all sockets; otherwise the first of many calls would get a batch of its
    // own.
    setImmediate(() => {
      isPlanned = false;
      while (underWay < lanes && waiting.length > 0) void serve(takeBatch(waiting, maxItems));
    });
  }

  async function serve(callers: readonly Caller<T, R>[]): Promise<void> {
    underWay += 1;
    await answer(callers);
    underWay -= 1;
    plan();
  }

  async function answer(callers: readonly Caller<T, R>[]): Promise<void> {
    try {
      const results = await run(callers.flatMap(({ items }) => items));
      let at = 0;
      for (const { items, resolve } of callers) {
        resolve(results.slice(at, at + items.length));
        at += items.length;
      }
    } catch (error) {
      if (callers.length > 1 && isAlone(error)) for (const caller of callers) await answer([caller]);
      else for (const { reject } of callers) reject(error);
    }
  }

  return (items) => {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      plan();
    });
  };
}

/**
 * Takes the oldest calls that fit into one batch; at least one, even if it has more than `maxItems` items.
 */
function takeBatch<T, R>(waiting: Caller<T, R>[], maxItems: number): Caller<T, R>[] {
  let count = 0;
  let items = 0;
  for (const { items: own } of waiting) {
    items += own.length;
    if (count > 0 && items > maxItems) break;
    count += 1;
  }
  return waiting.splice(0, count);
}
