import "server-only";
import DataLoader from "dataloader";
import { isOutage, isRefused } from "@/lib/db/errors";
import { noteOutageOf } from "@/lib/outages";

/** Loads one value for each key, in order. Throws the error of the first key that failed. */
export type Loader<K, V> = (keys: readonly K[]) => Promise<V[]>;

const maxInFlight = 2;

/**
 * Coalesces concurrent calls into batches, at most two in flight. Calls made in the same tick of the event
 * loop share a batch; calls made while both are in flight share the next one. Caches nothing.
 *
 * If Postgres refuses a batch, each key is loaded alone, so that only the faulty key fails. After any other error, also a
 * statement that took too long, all keys of the batch fail.
 */
export function createLoader<K, V>(
  loadBatch: (keys: readonly K[]) => Promise<readonly V[]>,
  maxBatchSize = 500,
): Loader<K, V> {
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  function dispatch(): void {
    while (inFlight < maxInFlight && waiting.length > 0) {
      inFlight += 1;
      waiting.shift()?.();
    }
  }

  const loader = new DataLoader<K, V>(
    async (keys) => {
      try {
        return await loadBatch(keys);
      } catch (error) {
        if (keys.length === 1 || !isRefused(error) || isOutage(error)) throw error;
        return await Promise.all(keys.map((key) => loadAlone(loadBatch, key)));
      } finally {
        inFlight -= 1;
        setImmediate(dispatch);
      }
    },
    {
      cache: false,
      maxBatchSize,
      batchScheduleFn(startBatch) {
        waiting.push(startBatch);
        // Wait for every request that arrived in this tick. Otherwise the first of many calls would get a
        // batch of its own.
        setImmediate(dispatch);
      },
    },
  );

  return async (keys) => {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return [await loader.load(only)];
    const values = await loader.loadMany(keys);
    const failed = values.find((value) => value instanceof Error);
    if (failed) throw failed;
    return values as V[];
  };
}

async function loadAlone<K, V>(
  loadBatch: (keys: readonly K[]) => Promise<readonly V[]>,
  key: K,
): Promise<V | Error> {
  const [value] = await loadBatch([key]).catch((error: Error) => [error]);
  return value as V | Error;
}

/**
 * Creates a loader of single rows. Each row's `n`, from 1, is the position of its key in the batch; a key
 * without a row gets `undefined`.
 */
export function createRowLoader<K, Row extends { n: number }>(
  find: (keys: readonly K[]) => Promise<readonly Row[]>,
): Loader<K, Row | undefined> {
  const load = createLoader<K, Row | undefined>(async (keys) => {
    const rows: (Row | undefined)[] = keys.map(() => undefined);
    for (const row of await find(keys)) rows[row.n - 1] = row;
    return rows;
  });
  return (keys) => noteOutageOf(load(keys));
}
