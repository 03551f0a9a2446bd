import { type Destination, endpointOf } from "@/lib/connectors/destination";
import { db, type Tx } from "@/lib/db/client";

/** Longer than any check, and than one batch of a destruction. The lease of a crashed automate expires after this time. */
const leaseSeconds = 180;

export const connectionLeaseKey = (id: string) => `connection:${id}`;
export const endpointLeaseKey = (destination: Destination) => `endpoint:${endpointOf(destination)}`;

/**
 * Claims keys that only one holder may have, across all copies of automate: a background check, or the destruction of a
 * fabric. Returns false when another one holds an unexpired lease on one of them. The other keys are then claimed nevertheless, until
 * `releaseLeases`.
 */
export async function claimLeases(holder: string, keys: readonly string[]): Promise<boolean> {
  // All copies of automate claim in one order, which prevents deadlocks.
  const sortedKeys = [...new Set(keys)].sort();
  const claimed = await db.$queryRaw<unknown[]>`
    INSERT INTO check_lease (key, holder, "leasedUntil")
    SELECT key, ${holder}, now() + make_interval(secs => ${leaseSeconds}::int) FROM unnest(${sortedKeys}::text[]) AS key
    ON CONFLICT (key) DO UPDATE SET holder = excluded.holder, "leasedUntil" = excluded."leasedUntil"
    WHERE check_lease."leasedUntil" < now() RETURNING key`;
  return claimed.length === sortedKeys.length;
}

/** Renews the lease of one key for its whole time. Returns whether the holder still had it. */
export async function renewLease(holder: string, key: string): Promise<boolean> {
  const renewed = await db.$executeRaw`
    UPDATE check_lease SET "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE key = ${key} AND holder = ${holder}`;
  return renewed === 1;
}

/** Ends the lease of one key. Returns whether the holder still had it. */
export async function endLease(tx: Tx, holder: string, key: string): Promise<boolean> {
  const { count } = await tx.checkLease.deleteMany({ where: { holder, key } });
  return count === 1;
}

/** Ends all leases of a holder. */
export async function releaseLeases(holder: string): Promise<void> {
  await db.checkLease.deleteMany({ where: { holder } });
}
