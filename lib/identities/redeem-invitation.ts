import "server-only";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/**
 * Uses up an invitation and creates its membership, in the caller's transaction. A person who is already a
 * member keeps their role.
 * Returns false when the invitation was used or withdrawn, or has expired. Of two concurrent calls, only one
 * succeeds.
 */
export async function redeem(
  tx: Tx,
  invitationId: string,
  user: { id: string; name: string },
): Promise<boolean> {
  const { count } = await tx.invitation.updateMany({
    where: { id: invitationId, usedAt: null, expiresAt: { gt: new Date() } },
    data: { usedAt: new Date() },
  });
  if (count === 0) return false;
  const { team, role, createdByName } = await tx.invitation.findUniqueOrThrow({
    where: { id: invitationId },
    select: { role: true, createdByName: true, team: { select: { id: true, name: true } } },
  });
  await tx.membership.createMany({
    data: [{ teamId: team.id, userId: user.id, role }],
    skipDuplicates: true,
  });
  await record(tx, {
    actor: { kind: "user", id: user.id, name: user.name },
    teamId: team.id,
    fabricId: null,
    action: "team.join",
    object: { kind: "team", ...team },
    details: { role, invitedBy: createdByName },
  });
  return true;
}
