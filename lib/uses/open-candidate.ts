import "server-only";
import { db, Prisma } from "@/lib/db/client";

/** SQL that selects the open candidate `c` of a secret, for `EXISTS` and further conditions. */
export function openCandidate(secretId: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`SELECT FROM secret_candidate c
    WHERE c."secretId" = ${secretId} AND c.outcome IS NULL AND c."expiresAt" > now()
      AND c."baseVersion" = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = c."secretId")`;
}

/** Those of these secrets for which a new value waits. */
export async function findWithNewValue(secretIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM secret s WHERE s.id = ANY(${[...secretIds]}) AND EXISTS (${openCandidate(Prisma.sql`s.id`)})`;
  return new Set(rows.map(({ id }) => id));
}
