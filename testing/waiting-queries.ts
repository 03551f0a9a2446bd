import type { Db } from "@/lib/db/client";

/**
 * The number of connections to this database whose current query contains `text` and waits for a lock, or
 * sleeps in `pg_sleep`. A test polls it to learn that a query has begun.
 */
export async function countWaiting(owner: Db, text: string): Promise<number> {
  const [row] = await owner.$queryRaw<{ waiting: number }[]>`
    SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND strpos(query, ${text}) > 0
      AND (wait_event_type = 'Lock' OR wait_event = 'PgSleep')`;
  return row?.waiting ?? 0;
}

/** Counts the transactions that wait for their program. */
export async function countIdleTransactions(client: Db): Promise<number> {
  const [row] = await client.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'`;
  return row?.n ?? 0;
}
