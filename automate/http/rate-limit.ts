import { Refusal } from "@/automate/http/error";
import { preparedQuery } from "@/lib/db/prepared";

const minuteMs = 60_000;
/** The number of leases in which a single copy of automate uses up one caller's rate for a minute. */
const leasesPerMinute = 20;

type Lease = { minute: number; left: number; isSpent: boolean; asking: Promise<void> | undefined };

const lease = preparedQuery<{ leased: number }>(
  `INSERT INTO rate_window (actor, minute, leased) VALUES ($1, $2, $3)
   ON CONFLICT (actor, minute) DO UPDATE SET leased = rate_window.leased + $3 RETURNING leased`,
);

/**
 * Limits requests per caller and minute, across all copies of automate. A copy leases several requests at
 * once from Postgres, so that most requests need no query. Unused leases are lost at the end of the minute.
 */
export function createRateLimit(perMinute: number) {
  const leases = new Map<string, Lease>();

  function leaseOf(actorId: string): Lease {
    const minute = Math.floor(Date.now() / minuteMs);
    const known = leases.get(actorId);
    if (known?.minute === minute) return known;
    if (leases.size >= 10_000) for (const [id, old] of leases) if (old.minute < minute) leases.delete(id);
    const fresh = { minute, left: 0, isSpent: false, asking: undefined };
    leases.set(actorId, fresh);
    return fresh;
  }

  async function extend(actorId: string, own: Lease, turns: number): Promise<void> {
    const wanted = Math.max(turns, Math.ceil(perMinute / leasesPerMinute));
    const [row] = await lease(actorId, new Date(own.minute * minuteMs), wanted);
    const before = (row?.leased ?? perMinute) - wanted;
    const granted = Math.min(wanted, Math.max(0, perMinute - before));
    own.left += granted;
    own.isSpent = granted < wanted;
  }

  return {
    /**
     * Takes `turns` from this minute's rate. Throws `Refusal` 429 with the time to wait when too few are left,
     * and 413 when a whole minute has fewer.
     */
    async take(actorId: string, turns: number): Promise<void> {
      if (turns > perMinute)
        throw new Refusal(
          413,
          "too_many",
          "That is more than one token may ask for in a minute: ask for fewer.",
        );
      for (;;) {
        const own = leaseOf(actorId);
        if (own.left >= turns) {
          own.left -= turns;
          return;
        }
        if (own.isSpent) throw tooOften();
        own.asking ??= extend(actorId, own, turns).finally(() => {
          own.asking = undefined;
        });
        await own.asking;
      }
    },
  };
}

export type RateLimit = ReturnType<typeof createRateLimit>;

function tooOften(): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil((minuteMs - (Date.now() % minuteMs)) / 1000));
  return new Refusal(429, "rate_limited", "Too many requests with this token: wait for the next minute.", {
    retryAfterSeconds,
  });
}
