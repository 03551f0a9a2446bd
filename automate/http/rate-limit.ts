import { Refusal } from "@/automate/http/error";
import { preparedQuery } from "@/lib/db/prepared";

const minuteMs = 60_000;
/** The number of leases in which a single copy of automate uses up one caller's rate for a minute. */
const leasesPerMinute = 20;

type Lease = { minute: number; left: number; isSpent: boolean; extending: Promise<void> | undefined };

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
    const current = leases.get(actorId);
    if (current?.minute === minute) return current;
    if (leases.size >= 10_000) for (const [id, old] of leases) if (old.minute < minute) leases.delete(id);
    const fresh = { minute, left: 0, isSpent: false, extending: undefined };
    leases.set(actorId, fresh);
    return fresh;
  }

  async function extend(actorId: string, own: Lease, count: number): Promise<void> {
    const requested = Math.max(count, Math.ceil(perMinute / leasesPerMinute));
    const [row] = await lease(actorId, new Date(own.minute * minuteMs), requested);
    const before = (row?.leased ?? perMinute) - requested;
    const granted = Math.min(requested, Math.max(0, perMinute - before));
    own.left += granted;
    own.isSpent = granted < requested;
  }

  return {
    /**
     * Takes `count` from this minute's rate. Throws `Refusal` 429 with the time to wait when too few are left,
     * and 413 when a whole minute has fewer.
     */
    async take(actorId: string, count: number): Promise<void> {
      if (count > perMinute)
        throw new Refusal(
          413,
          "too_many",
          "Too many secrets: the request exceeds the token's limit for one minute. Request fewer.",
        );
      for (;;) {
        const own = leaseOf(actorId);
        if (own.left >= count) {
          own.left -= count;
          return;
        }
        if (own.isSpent) throw rateLimited();
        own.extending ??= extend(actorId, own, count).finally(() => {
          own.extending = undefined;
        });
        await own.extending;
      }
    },
  };
}

export type RateLimit = ReturnType<typeof createRateLimit>;

function rateLimited(): Refusal {
  const retryAfterSeconds = Math.max(1, Math.ceil((minuteMs - (Date.now() % minuteMs)) / 1000));
  return new Refusal(429, "rate_limited", "Too many requests with this token. Retry in the next minute.", {
    retryAfterSeconds,
  });
}
