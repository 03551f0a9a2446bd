import { db, type Tx } from "@/lib/db/client";

/** Longer than any check may take: a lease that outlives its copy of automate ends then. */
const leaseSeconds = 180;

export const leaseOfConnection = (id: string) => `connection:${id}`;
export const leaseOfPlace = (place: string) => `place:${place}`;

/**
 * Claims what only one background check at a time may have, for all copies of automate. Returns false when a living lease of
 * somebody else covers one of the keys; `releaseLeases` gives back those that were claimed.
 */
export async function claimLeases(holder: string, keys: readonly string[]): Promise<boolean> {
  // In one order, so that two copies never wait for each other.
  const wanted = [...new Set(keys)].sort();
  const claimed = await db.$queryRaw<unknown[]>`
    INSERT INTO check_lease (key, holder, "leasedUntil")
    SELECT key, ${holder}, now() + make_interval(secs => ${leaseSeconds}::int) FROM unnest(${wanted}::text[]) AS key
    ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, "leasedUntil" = excluded."leasedUntil"
    WHERE check_lease."leasedUntil" < now() RETURNING key`;
  return claimed.length === wanted.length;
}

/** Ends the lease of one key, and says whether the holder still had it. */
export async function endLease(tx: Tx, holder: string, key: string): Promise<boolean> {
  const { count } = await tx.checkLease.deleteMany({ where: { holder, key } });
  return count === 1;
}

/** Ends all leases of a holder. */
export async function releaseLeases(holder: string): Promise<void> {
  await db.checkLease.deleteMany({ where: { holder } });
}
