import "server-only";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { noteRefusal, web } from "@/lib/audit/refusals";
import { db } from "@/lib/db/client";
import { delayRefusal } from "@/lib/limits/delayed-refusal";
import { fail, ok, type Result } from "@/lib/result";
import { type PasswordProof, waitText } from "@/lib/sessions/schema";
import {
  clearAttempts,
  countAttempt,
  type SignInSource,
  takeBackAttempt,
} from "@/lib/sessions/sign-in-delay";
import { passwordMatches, passwordRetrySeconds, withPasswordSlot } from "@/lib/users/password";
import type { ProvenPerson } from "@/lib/users/schema";
import { emailKey } from "@/lib/users/schema";

/**
 * Verifies a password. An unknown e-mail, a locked person and a wrong password give the same result in the
 * same time. Otherwise an attacker could find out which accounts exist.
 * Each failure is counted in the person's audit log, with the client's network. Failures of unknown addresses
 * share one count. Those beyond the budget of a network name the network, not the account.
 */
export async function provePassword(
  credentials: { email: string; password: string },
  source: SignInSource,
): Promise<PasswordProof> {
  const counted = await countAttempt(source);
  // NextAuth answers each attempt with more work than a password costs, so a refused one waits in its slot.
  if (!counted.ok) await delayRefusal();
  if (!counted.ok && counted.limit === "network") {
    noteRefusedSignIn(null, "network", source);
    return { ok: false, code: "delayed", seconds: counted.seconds };
  }
  const user = await db.user.findUnique({
    where: { emailKey: emailKey(credentials.email) },
    select: { id: true, name: true, passwordHash: true, lockedAt: true, accessEpoch: true },
  });
  if (!counted.ok) {
    noteRefusedSignIn(user, "delayed", source);
    return { ok: false, code: "delayed", seconds: counted.seconds };
  }
  // A known account has a queue of its own, so that strangers in its network cannot fill it.
  const queue = counted.isKnown ? source.accountKey : source.networkKey;
  const matches = await withPasswordSlot(queue, () =>
    passwordMatches(user?.passwordHash ?? null, credentials.password),
  );
  if (matches === null) {
    await takeBackAttempt(source, counted.isKnown);
    noteRefusedSignIn(user, "busy", source);
    return { ok: false, code: "busy", seconds: passwordRetrySeconds };
  }
  if (!user || !matches || user.lockedAt) {
    noteRefusedSignIn(user, matches ? "locked" : "wrong_password", source);
    return { ok: false, code: "wrong_password" };
  }
  await clearAttempts(source, counted.isKnown);
  return { ok: true, userId: user.id, accessEpoch: user.accessEpoch };
}

function noteRefusedSignIn(
  user: { id: string; name: string } | null,
  code: "busy" | "delayed" | "locked" | "network" | "wrong_password",
  { network }: SignInSource,
): void {
  const event = { actor: web, teamId: null, fabricId: null, action: "session.refuse" } as const;
  const object = { kind: "user", id: user?.id ?? "", name: user?.name ?? "" } as const;
  if (code === "network")
    noteRefusal("sign-ins of networks", network, { ...event, object, details: { code, source: network } });
  else if (!user)
    noteRefusal("unknown address", "", { ...event, object, details: { code: "unknown_address" } });
  else
    noteRefusal(`sign-in ${user.id}`, `${code} ${network}`, {
      ...event,
      object,
      details: { code, source: network },
    });
}

/**
 * Starts a session for a person who proved their identity at `authenticatedAt`. Returns its id.
 * If the person's access ended since that proof, the session is dead from the start.
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

/** Ends a session. Its cookie stops working. Ending it again has no effect. */
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

/** Makes a session fresh again after its person entered their password. */
export async function confirmSession(
  actor: Actor & { kind: "user" },
  sessionId: string,
  password: string,
  source: SignInSource,
): Promise<Result<null, "invalid">> {
  const proof = await provePassword({ email: actor.email, password }, source);
  if (!proof.ok)
    return fail("invalid", {
      password: proof.code === "wrong_password" ? "Wrong password." : waitText(proof.code, proof.seconds),
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
