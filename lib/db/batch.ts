/** Does many things as one: `run` gets the items of several callers and returns as many results, in their order. */
export type Batcher<T, R> = (items: readonly T[]) => Promise<R[]>;

type Caller<T, R> = { items: readonly T[]; resolve(results: R[]): void; reject(error: unknown): void };

/**
 * Makes what arrives together travel together. There is no timer: a caller who finds nothing under way is served at the end
 * of this turn of the event loop; who comes while `lanes` batches are under way goes with the next one, which begins after
 * he came. The items of one call are never split. A batch that fails, fails for each of its callers; with `isAlone`, an error
 * for which that is true is found out by serving each of them alone.
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
    // After all sockets of this turn were read, so that the first of many does not travel alone.
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

/** As many of the longest waiting as fit; one at least, however many items it has. */
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
