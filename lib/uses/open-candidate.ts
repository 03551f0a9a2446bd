import "server-only";
import { db, Prisma, type Tx } from "@/lib/db/client";

/** SQL that is true for a candidate `c` that is open: it may be checked and promoted. */
export const isOpenCandidate = Prisma.sql`c.outcome IS NULL AND c."expiresAt" > now()
  AND c."baseVersion" = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = c."secretId")`;

/** SQL that selects the open candidate `c` of a secret, for `EXISTS` and further conditions. */
export function openCandidate(secretId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`SELECT FROM secret_candidate c WHERE c."secretId" = ${secretId} AND ${isOpenCandidate}`;
}

/** The number of the next candidate of a secret. The caller has locked the secret. */
export async function nextCandidateNumber(tx: Tx, secretId: string): Promise<number> {
  const { _max } = await tx.secretCandidate.aggregate({ where: { secretId }, _max: { number: true } });
  return (_max.number ?? 0) + 1;
}

/** Those of these secrets for which a new value waits. */
export async function findWithNewValue(secretIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM secret s WHERE s.id = ANY(${[...secretIds]}) AND EXISTS (${openCandidate(Prisma.sql`s.id`)})`;
  return new Set(rows.map(({ id }) => id));
}
