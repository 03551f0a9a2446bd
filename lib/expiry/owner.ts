/**
 * SQL that is true when `member`, a row of `teamMembers`, takes care of a row with `ownerId`, `ownerSince`, `createdById`
 * and `createdAt`. When no member does, the Admins do.
 * An owner who leaves the team is none any more, also after coming back: somebody must choose them again.
 */
export function isOwner(member: string, row: string): string {
  return `${member}.id = coalesce(${row}."ownerId", ${row}."createdById")
    AND ${member}."joinedAt" <= coalesce(${row}."ownerSince", ${row}."createdAt") AND ${member}."lockedAt" IS NULL`;
}

/** SQL of the members of all teams. */
export const teamMembers = `(SELECT m."teamId", m."createdAt" AS "joinedAt", u.id, u.name, u.email, u."lockedAt"
  FROM membership m JOIN app_user u ON u.id = m."userId")`;

/** SQL of the member who takes care of a row in the fabric `f`: columns `id`, `name` and `email`; no row for the Admins. */
export function ownerOf(row: string): string {
  return `SELECT o.id, o.name, o.email FROM ${teamMembers} o WHERE o."teamId" = f."teamId" AND ${isOwner("o", row)} LIMIT 1`;
}
