import "server-only";
import type { TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { redeem } from "@/lib/identities/redeem-invitation";
import { findOffer } from "@/lib/invitations/queries";
import { type InviteInput, invitationDays, type NewPersonInput } from "@/lib/invitations/schema";
import { newInvitationToken } from "@/lib/invitations/token";
import { fail, NotFound, ok, type Result } from "@/lib/result";
import { hasCurrentAccess } from "@/lib/users/end-access";
import { hashPassword, withPasswordSlot } from "@/lib/users/password";
import { emailKey } from "@/lib/users/schema";

type Manager = TeamScope<"team:write">;

/**
 * Invites a person by e-mail. Returns the token, which the caller shows once. An earlier open invitation of
 * the same person stops working.
 */
export async function invite(
  scope: Manager,
  { email, role }: InviteInput,
): Promise<Result<{ token: string }, "already_member">> {
  const { teamId, actor } = scope;
  const key = emailKey(email);
  const isMember = await db.membership.count({ where: { teamId, user: { emailKey: key } } });
  if (isMember > 0) return fail("already_member", { email: "This person is already a member." });
  const { token, tokenHash } = newInvitationToken();
  const expiresAt = new Date(Date.now() + invitationDays * 24 * 60 * 60_000);
  await db.$transaction(async (tx) => {
    await requireCurrentAdmin(tx, scope);
    await tx.invitation.deleteMany({ where: { teamId, emailKey: key, usedAt: null } });
    const { id } = await tx.invitation.create({
      data: {
        teamId,
        email,
        emailKey: key,
        role,
        tokenHash,
        createdById: actor.id,
        createdByName: actor.name,
        expiresAt,
      },
      select: { id: true },
    });
    await record(tx, {
      actor,
      teamId,
      fabricId: null,
      action: "team.invite",
      object: { kind: "user", id, name: email },
      details: { role },
    });
  });
  return ok({ token });
}

/**
 * Checks that the actor is still an Admin, under a lock. Otherwise an Admin who is removed at this moment
 * could leave a working link behind.
 */
async function requireCurrentAdmin(tx: Tx, { teamId, actor }: Manager): Promise<void> {
  const hasAccess = await hasCurrentAccess(tx, actor);
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM membership WHERE "teamId" = ${teamId} AND "userId" = ${actor.id} AND role = 'admin' FOR SHARE`;
  if (!hasAccess || rows.length === 0) throw new NotFound("Team not found.");
}

/** Withdraws an open invitation. Its link stops working. */
export async function withdrawInvitation(
  scope: Manager,
  { invitationId }: { invitationId: string },
): Promise<Result<null, never>> {
  const { teamId, actor } = scope;
  await db.$transaction(async (tx) => {
    const where = { id: invitationId, teamId, usedAt: null };
    const invitation = await tx.invitation.findFirst({ where, select: { id: true, email: true } });
    const { count } = await tx.invitation.deleteMany({ where });
    if (!invitation || count === 0) throw new NotFound("Invitation not found.");
    await record(tx, {
      actor,
      teamId,
      fabricId: null,
      action: "team.uninvite",
      object: { kind: "user", id: invitation.id, name: invitation.email },
    });
  });
  return ok(null);
}

/** Joins the team of a link. The signed-in person must be the one that the link was made for. */
export async function joinTeam(
  actor: Actor,
  { token }: { token: string },
): Promise<Result<{ teamId: string }, "no_invitation" | "other_person">> {
  const offer = await findOffer(token);
  if (!offer) return fail("no_invitation");
  if (actor.kind !== "user" || emailKey(actor.email) !== emailKey(offer.email)) return fail("other_person");
  const joined = await db.$transaction(
    async (tx) => (await hasCurrentAccess(tx, actor)) && redeem(tx, offer.id, actor),
  );
  return joined ? ok({ teamId: offer.teamId }) : fail("no_invitation");
}

/** Creates an account with the invitation's e-mail address, and the membership. */
export async function joinAsNewPerson({
  token,
  name,
  password,
}: NewPersonInput & { token: string }): Promise<
  Result<{ email: string; teamId: string }, "no_invitation" | "email_taken" | "busy">
> {
  const offer = await findOffer(token);
  if (!offer) return fail("no_invitation");
  const { email, teamId } = offer;
  const passwordHash = await withPasswordSlot(offer.id, () => hashPassword(password));
  if (passwordHash === null) return fail("busy");
  try {
    await db.$transaction(async (tx) => {
      const user = await tx.user.create({
        data: { email, emailKey: emailKey(email), name, passwordHash },
        select: { id: true, name: true },
      });
      await record(tx, {
        actor: { kind: "user", ...user },
        teamId,
        fabricId: null,
        action: "user.create",
        object: { kind: "user", ...user },
        details: { by: "invitation" },
      });
      if (!(await redeem(tx, offer.id, user))) throw new NotFound("The invitation was used in the meantime.");
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("email_taken");
    if (error instanceof NotFound) return fail("no_invitation");
    throw error;
  }
  return ok({ email, teamId });
}
