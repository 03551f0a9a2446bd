import "server-only";
import { allows } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";
import { type InvitationOffer, invitationToken, type PendingInvitation } from "@/lib/invitations/schema";
import { hashInvitationToken } from "@/lib/invitations/token";
import { emailKey } from "@/lib/users/schema";

/** The pending invitations of a team. Empty unless the actor is an Admin. */
export async function listPendingInvitations(scope: TeamScope<"team:see">): Promise<PendingInvitation[]> {
  if (!allows(scope.role, "team:write")) return [];
  const invitations = await db.invitation.findMany({
    where: { teamId: scope.teamId, usedAt: null, expiresAt: { gt: new Date() } },
    orderBy: { id: "asc" },
    select: { id: true, email: true, role: true, createdByName: true, expiresAt: true },
  });
  return invitations.map(({ createdByName, ...invitation }) => ({ ...invitation, invitedBy: createdByName }));
}

/**
 * Returns the offer of a link. Returns null for an unknown, used, withdrawn or expired link: an attacker
 * could otherwise find out which links existed.
 */
export async function findOffer(token: string): Promise<InvitationOffer | null> {
  if (!invitationToken.safeParse(token).success) return null;
  const invitation = await db.invitation.findUnique({
    where: { tokenHash: hashInvitationToken(token), usedAt: null, expiresAt: { gt: new Date() } },
    select: {
      id: true,
      email: true,
      role: true,
      createdByName: true,
      team: { select: { id: true, name: true } },
    },
  });
  if (!invitation) return null;
  const { id, email, role, createdByName, team } = invitation;
  return { id, email, role, teamId: team.id, teamName: team.name, invitedBy: createdByName };
}

/**
 * Returns the team that this person joined with this link, or null. Only this person learns anything from a
 * used link.
 */
export async function findJoinedTeam(actor: Actor, token: string): Promise<{ teamId: string } | null> {
  if (actor.kind !== "user" || !invitationToken.safeParse(token).success) return null;
  return db.invitation.findUnique({
    where: {
      tokenHash: hashInvitationToken(token),
      usedAt: { not: null },
      emailKey: emailKey(actor.email),
      team: { memberships: { some: { userId: actor.id } } },
    },
    select: { teamId: true },
  });
}
