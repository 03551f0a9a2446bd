import type { Tx } from "@/lib/db/client";

/** An allowed destination of the value that a new password replaces. */
type Allowed = { id: string; destination: string; isTrusted: boolean };

/**
 * Selvage made a password to replace a version. Returns the ids of the version's destinations that the password keeps:
 * those that an Admin was shown when they set up the rotation, those that an Admin allowed, and those that somebody
 * allowed for a value with a field of another person.
 *
 * Without this rule, a colleague could enter a value only to allow their own server for it, and would receive the new
 * password there.
 */
export async function carriedDestinations(
  tx: Tx,
  { teamId }: { teamId: string },
  { secretId, version }: { secretId: string; version: number },
  shown: readonly string[],
): Promise<string[]> {
  const rows = await tx.$queryRaw<Allowed[]>`
    SELECT a.id, a.destination,
      EXISTS (
        SELECT FROM membership m
        WHERE m."userId" = first."createdById" AND m."teamId" = ${teamId} AND m.role = 'admin')
      OR EXISTS (
        SELECT FROM jsonb_each_text(v.manifest) AS set_in(field, version)
        WHERE first."createdById" IS DISTINCT FROM (
          SELECT entered."createdById" FROM secret_version entered
          WHERE entered."secretId" = v."secretId" AND entered.version = set_in.version::int)) AS "isTrusted"
    FROM allowed_destination a
    CROSS JOIN LATERAL (
      SELECT version, "createdById" FROM allowed_destination
      WHERE "secretId" = a."secretId" AND destination = a.destination AND version > 0 ORDER BY version LIMIT 1
    ) first
    JOIN secret_version v ON v."secretId" = a."secretId" AND v.version = first.version
    WHERE a."secretId" = ${secretId} AND a.version = ${version}::int`;
  // A destination includes the version of its certificate authority: a colleague may have entered another version.
  return rows.flatMap(({ id, destination, isTrusted }) =>
    isTrusted || shown.includes(destination) ? [id] : [],
  );
}
