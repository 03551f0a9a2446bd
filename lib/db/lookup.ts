import "server-only";
import { type Batcher, createBatcher } from "@/lib/db/batch";
import { isRefused } from "@/lib/db/prepared";
import { noteOutageOf } from "@/lib/outages";

/**
 * A look-up of single things: those that are asked for together are found by one statement, which begins after they were asked
 * for, so that nothing is remembered. Each row says by `n`, from 1, which of them it answers; without a row it is `undefined`.
 * What Postgres refuses fails for whoever asked for it, and for nobody beside.
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
