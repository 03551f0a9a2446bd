import type { Due } from "@/automate/reminders/due";
import { db, type Tx } from "@/lib/db/client";
import { emailKey } from "@/lib/users/schema";

export type Recipient = { id: string; name: string; email: string };

/**
 * Returns the people to tell about each thing: its owner, or the Admins of the team when nobody owns it or no mail
 * reaches the owner. Only current members, whose verified address it still is.
 */
export async function findRecipients(
  due: readonly Due[],
  tx: Tx | typeof db = db,
): Promise<(one: Due) => Recipient[]> {
  const teamIds = [...new Set(due.flatMap(({ teamId }) => teamId ?? []))];
  const ownerIds = [...new Set(due.flatMap(({ ownerId }) => ownerId ?? []))];
  const rows = await tx.$queryRaw<(Recipient & { emailKey: string; adminOf: string[] })[]>`
    SELECT u.id, u.name, u.email, v."emailKey", coalesce(a."adminOf", '{}') AS "adminOf"
    FROM app_user u JOIN verified_address v ON v."userId" = u.id
    LEFT JOIN LATERAL (
      SELECT array_agg(m."teamId") AS "adminOf" FROM membership m
      WHERE m."userId" = u.id AND m.role = 'admin' AND m."teamId" = ANY(${teamIds}::text[])) a ON true
    WHERE u."lockedAt" IS NULL AND (u.id = ANY(${ownerIds}::text[]) OR a."adminOf" IS NOT NULL)
    ORDER BY u.id`;
  const reachable = rows.filter((row) => emailKey(row.email) === row.emailKey);
  const byId = new Map(reachable.map((row) => [row.id, row]));
  return ({ ownerId, teamId }) => {
    const owner = ownerId === null ? undefined : byId.get(ownerId);
    if (owner || teamId === null) return owner ? [owner] : [];
    return reachable.filter(({ adminOf }) => adminOf.includes(teamId));
  };
}
