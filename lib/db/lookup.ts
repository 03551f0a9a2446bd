import "server-only";
import { type Batcher, createBatcher } from "@/lib/db/batch";
import { isRefused } from "@/lib/db/errors";
import { noteOutageOf } from "@/lib/outages";

/**
 * Creates a look-up of single rows that runs concurrent requests as one statement. Caches nothing: the
 * statement starts after the last request joined.
 * Each row's `n`, from 1, is the position of the request that it answers; a request without a row gets
 * `undefined`.
 * If Postgres refuses one request's input, only that request fails.
 */
export function createLookup<T, Row extends { n: number }>(
  find: (asked: readonly T[]) => Promise<readonly Row[]>,
  maxItems = 500,
): Batcher<T, Row | undefined> {
  const lookUp = createBatcher<T, Row | undefined>(
    async (asked) => {
      const found: (Row | undefined)[] = asked.map(() => undefined);
      for (const row of await find(asked)) found[row.n - 1] = row;
      return found;
    },
    { maxItems, lanes: 2, isAlone: isRefused },
  );
  return (asked) => noteOutageOf(lookUp(asked));
}
