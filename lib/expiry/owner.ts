/**
 * SQL of the member who takes care of a row with `ownerId`, `ownerSince`, `createdById` and `createdAt`, in the fabric
 * `f`: columns `id`, `name` and `email`; no row when the Admins do.
 * An owner who leaves the team is none any more, also after coming back: somebody must choose them again.
 */
export function ownerOf(row: string): string {
  return `SELECT u.id, u.name, u.email FROM membership m JOIN app_user u ON u.id = m."userId"
    WHERE m."teamId" = f."teamId" AND m."userId" = coalesce(${row}."ownerId", ${row}."createdById")
      AND m."createdAt" <= coalesce(${row}."ownerSince", ${row}."createdAt") AND u."lockedAt" IS NULL LIMIT 1`;
}
