import { settleCandidate } from "@/automate/secrets/settle-version";
import { findCandidateSecret, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { type Db, db, type Tx } from "@/lib/db/client";

/** The state of a candidate, by the database's clock. */
export type StoredCandidate = {
  number: number;
  baseVersion: number;
  /** promoted, discarded, expired or outdated; null while it is open. */
  outcome: string | null;
  closedByName: string | null;
  isExpired: boolean;
  /** When its value expires, if its author entered that. */
  valueExpiresAt: Date | null;
  /** The current version of the secret, and who entered its value or made it current. */
  currentVersion: number;
  currentByName: string;
};

/** Returns a candidate of a secret of the fabric, in any state, or null. */
export async function findCandidate(
  { fabricId }: Pick<Scope<Permission>, "fabricId">,
  secretId: string,
  number: number,
  client: Db | Tx = db,
): Promise<StoredCandidate | null> {
  const [row] = await client.$queryRaw<StoredCandidate[]>`
    SELECT c.number, c."baseVersion", c.outcome, c."closedByName", c."expiresAt" <= now() AS "isExpired", c."valueExpiresAt",
      v.version AS "currentVersion", coalesce(made."madeCurrentByName", v."createdByName") AS "currentByName"
    FROM secret_candidate c
    JOIN secret s ON s.id = c."secretId" AND s."fabricId" = ${fabricId} AND s."deletedAt" IS NULL
    CROSS JOIN LATERAL (
      SELECT version, "createdByName" FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1
    ) v
    LEFT JOIN settled_version made ON made."secretId" = s.id AND made.version = v.version
    WHERE c."secretId" = ${secretId} AND c.number = ${number}`;
  return row ?? null;
}

/**
 * `findCandidate` for a transaction that closes it and has locked its secret: nobody settles, promotes or discards it
 * until the transaction ends.
 */
export async function lockCandidate(
  tx: Tx,
  scope: Pick<Scope<Permission>, "fabricId">,
  secretId: string,
  number: number,
): Promise<StoredCandidate | null> {
  await tx.$queryRaw`
    SELECT FROM secret_candidate WHERE "secretId" = ${secretId} AND number = ${number} FOR UPDATE`;
  return findCandidate(scope, secretId, number, tx);
}

/** True for a candidate that may be checked and promoted. */
export function isOpen({ outcome, isExpired, baseVersion, currentVersion }: StoredCandidate): boolean {
  return outcome === null && !isExpired && baseVersion === currentVersion;
}

/** Settles an open candidate, and returns its secret with the candidate's value. Null when it is not open. */
export async function findOpenCandidate(
  scope: Pick<Scope<Permission>, "fabricId">,
  secretId: string,
  number: number,
): Promise<SecretWithAuthors | null> {
  const candidate = await findCandidate(scope, secretId, number);
  if (!candidate || !isOpen(candidate)) return null;
  await settleCandidate(scope.fabricId, secretId, number);
  return findCandidateSecret(scope, secretId, number);
}
