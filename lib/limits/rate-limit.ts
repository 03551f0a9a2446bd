import "server-only";
import { preparedQuery } from "@/lib/db/prepared";
import { secondsToNextMinute } from "@/lib/limits/minute";

const minuteMs = 60_000;
/** The number of leases in which a single copy of a program uses up one caller's rate for a minute. */
const leasesPerMinute = 20;

type Lease = { minute: number; left: number; isSpent: boolean; extending: Promise<void> | undefined };

/** The table of each program. Neither can spend the other's rates. */
export type RateTable = "rate_window" | "web_rate_window";

const leaseIn = (table: RateTable) =>
  preparedQuery<{ leased: number }>(
    `INSERT INTO ${table} (actor, minute, leased) VALUES ($1, $2, $3)
     ON CONFLICT (actor, minute) DO UPDATE SET leased = ${table}.leased + $3 RETURNING leased`,
  );
const lease = { rate_window: leaseIn("rate_window"), web_rate_window: leaseIn("web_rate_window") };

/**
 * Limits requests per caller and minute, across all copies of a program. A copy leases several requests at
 * once from Postgres, so that most requests need no query. Unused leases are lost at the end of the minute.
 */
export function createRateLimit({ perMinute, table }: { perMinute: number; table: RateTable }) {
  const leases = new Map<string, Lease>();

  function leaseOf(actorId: string): Lease {
    const minute = Math.floor(Date.now() / minuteMs);
    const current = leases.get(actorId);
    if (current?.minute === minute) return current;
    if (leases.size >= 10_000) for (const [id, old] of leases) if (old.minute < minute) leases.delete(id);
    const fresh = { minute, left: 0, isSpent: false, extending: undefined };
    leases.set(actorId, fresh);
    return fresh;
  }

  async function extend(actorId: string, own: Lease, count: number): Promise<void> {
    const requested = Math.max(count, Math.ceil(perMinute / leasesPerMinute));
    const [row] = await lease[table](actorId, new Date(own.minute * minuteMs), requested);
    const before = (row?.leased ?? perMinute) - requested;
    const granted = Math.min(requested, Math.max(0, perMinute - before));
    own.left += granted;
    own.isSpent = granted < requested;
  }

  return {
    perMinute,
    /**
     * Takes `count` from this minute's rate. Returns null, or the seconds until the next minute when too few are
     * left.
     */
    async take(actorId: string, count = 1): Promise<number | null> {
      for (;;) {
        const own = leaseOf(actorId);
        if (own.left >= count) {
          own.left -= count;
          return null;
        }
        if (own.isSpent) return secondsToNextMinute();
        own.extending ??= extend(actorId, own, count).finally(() => {
          own.extending = undefined;
        });
        await own.extending;
      }
    },
  };
}

export type RateLimit = ReturnType<typeof createRateLimit>;
