import "server-only";
import type { Actor } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db";
import { fail, ok, type Result } from "@/lib/result";
import { delayText, type PasswordProof, type ProvenPerson } from "@/lib/sessions/schema";
import { forgetTries, takeTry } from "@/lib/sessions/sign-in-delay";
import { passwordMatches } from "@/lib/users/password";
import { emailKey } from "@/lib/users/schema";

/** Tries a password. An unknown e-mail, a locked person and a wrong password cost and answer the same. */
export async function provePassword(
  given: { email: string; password: string },
  delayKey: string,
): Promise<PasswordProof> {
  const seconds = await takeTry(delayKey);
  if (seconds !== null) return { ok: false, code: "delayed", seconds };
  const user = await db.user.findUnique({
    where: { emailKey: emailKey(given.email) },
    select: { id: true, passwordHash: true, lockedAt: true, accessEpoch: true },
  });
  const matches = await passwordMatches(user?.passwordHash ?? null, given.password);
  if (!user || !matches || user.lockedAt) return { ok: false, code: "wrong_password" };
  await forgetTries(delayKey);
  return { ok: true, userId: user.id, accessEpoch: user.accessEpoch };
}

/**
 * Starts a session of a person who has just proved who they are, at `authenticatedAt`; the answer is its id. Where their access
 * ended since the proof began, the session is dead from the start.
 */
export async function startSession(
  { userId, accessEpoch }: ProvenPerson,
  method: "password" | "openid",
  authenticatedAt = new Date(),
): Promise<string> {
  return db.$transaction(async (tx) => {
    const session = await tx.session.create({
      data: { userId, authenticatedAt, accessEpoch },
      select: { id: true, user: { select: { id: true, name: true } } },
    });
    const { user } = session;
    await record(tx, {
      actor: { kind: "user", ...user },
      teamId: null,
      fabricId: null,
      action: "session.start",
      object: { kind: "user", ...user },
      details: { method },
    });
    return session.id;
  });
}

/** Ends a session: its cookie opens nothing any more. Ending it again changes nothing. */
export async function endSession(sessionId: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.session.updateMany({
      where: { id: sessionId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (count === 0) return;
    const { user } = await tx.session.findUniqueOrThrow({
      where: { id: sessionId },
      select: { user: { select: { id: true, name: true } } },
    });
    await record(tx, {
      actor: { kind: "user", ...user },
      teamId: null,
      fabricId: null,
      action: "session.end",
      object: { kind: "user", ...user },
    });
  });
}

/** Makes a session fresh again when its person gives their password once more. */
export async function confirmSession(
  actor: Actor & { kind: "user" },
  sessionId: string,
  password: string,
  delayKey: string,
): Promise<Result<null, "invalid">> {
  const proof = await provePassword({ email: actor.email, password }, delayKey);
  if (!proof.ok)
    return fail("invalid", {
      password: proof.code === "delayed" ? delayText(proof.seconds) : "This is not your password.",
    });
  const { id, name } = actor;
  await db.$transaction(async (tx) => {
    await tx.session.updateMany({
      where: { id: sessionId, userId: proof.userId, revokedAt: null },
      data: { authenticatedAt: new Date() },
    });
    await record(tx, {
      actor: { kind: "user", id, name },
      teamId: null,
      fabricId: null,
      action: "session.confirm",
      object: { kind: "user", id, name },
    });
  });
  return ok(null);
}
