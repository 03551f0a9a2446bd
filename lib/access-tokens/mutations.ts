import "server-only";
import { activeToken } from "@/lib/access/active-token";
import { isFresh, type TeamScope } from "@/lib/access/scope";
import { accessTokenLifetimes, type CreateAccessTokenInput } from "@/lib/access-tokens/schema";
import { newAccessToken } from "@/lib/access-tokens/token";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { noteRefusal } from "@/lib/audit/refusals";
import { db } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { fail, NotFound, NotFresh, ok, type Result } from "@/lib/result";

const dayMs = 86_400_000;

/**
 * Creates an access token. Requires a recent sign-in, so that a thief of a session cannot turn it into a
 * longer-lived token. Only this result contains the token.
 */
export async function createAccessToken(
  actor: Actor,
  { name, lifetime }: CreateAccessTokenInput,
): Promise<Result<{ token: string }, "too_many">> {
  if (actor.kind !== "user" || !isFresh(actor)) {
    const { id, name } = actor;
    noteRefusal(`${id} access token`, "not_fresh", {
      actor,
      teamId: null,
      fabricId: null,
      action: "access_token.refuse",
      object: { kind: "user", id, name },
      details: { code: "not_fresh" },
    });
    throw new NotFresh("Creating an access token requires a sign-in within the last ten minutes.");
  }
  const { token, tokenHash } = newAccessToken();
  const expiresAt = new Date(Date.now() + accessTokenLifetimes[lifetime].days * dayMs);
  return db.$transaction(async (tx) => {
    // Locks the person's row, so that concurrent creates cannot exceed the limit.
    await tx.$queryRaw`SELECT 1 FROM app_user WHERE id = ${actor.id} FOR NO KEY UPDATE`;
    const working = await tx.accessToken.count({ where: { userId: actor.id, ...activeToken() } });
    const limit = webEnv().QUOTA_ACCESS_TOKENS_PER_PERSON;
    if (working >= limit)
      return fail("too_many", { name: `You have ${working} active access tokens: revoke one first.` });
    const { id } = await tx.accessToken.create({
      // If the person's access ended during this session, the stored epoch is old and the token is dead from
      // the start.
      data: { userId: actor.id, name, tokenHash, expiresAt, accessEpoch: actor.accessEpoch },
      select: { id: true },
    });
    await record(tx, {
      actor,
      teamId: null,
      fabricId: null,
      action: "access_token.create",
      object: { kind: "token", id, name },
    });
    return ok({ token });
  });
}

/** Revokes one of the person's own access tokens. Its next request is refused. */
export async function revokeAccessToken(
  actor: Actor,
  { accessTokenId: id }: { accessTokenId: string },
): Promise<Result<null, never>> {
  await db.$transaction(async (tx) => {
    const row = await tx.accessToken.findFirst({
      where: { id, userId: actor.id },
      select: { name: true },
    });
    if (!row) throw new NotFound("Token not found.");
    const { count } = await tx.accessToken.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count === 0) return;
    await record(tx, {
      actor,
      teamId: null,
      fabricId: null,
      action: "access_token.revoke",
      object: { kind: "token", id, name: row.name },
    });
  });
  return ok(null);
}

/**
 * Revokes a member's access token. Any Admin of a team where the token works may do this; it then stops in
 * all teams. The owner sees who did it.
 */
export async function revokeMemberAccessToken(
  { teamId, actor }: TeamScope<"access:revoke">,
  { accessTokenId: id }: { accessTokenId: string },
): Promise<Result<null, never>> {
  await db.$transaction(async (tx) => {
    const row = await tx.accessToken.findFirst({
      where: { id, user: { memberships: { some: { teamId } } } },
      select: { name: true, userId: true, user: { select: { name: true } } },
    });
    if (!row) throw new NotFound("Token not found.");
    const { count } = await tx.accessToken.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date(), revokedByName: row.userId === actor.id ? null : actor.name },
    });
    if (count === 0) return;
    await record(tx, {
      actor,
      teamId,
      fabricId: null,
      action: "access_token.revoke",
      object: { kind: "token", id, name: row.name },
      details: { member: row.user.name },
    });
  });
  return ok(null);
}
