import "server-only";
import { randomInt, timingSafeEqual } from "node:crypto";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { codeLength, type SnoozableTopic, type SnoozeInput } from "@/lib/reminders/schema";
import { fail, NotFound, ok, type Result } from "@/lib/result";
import { emailKey } from "@/lib/users/schema";
import { verifyAddress } from "@/lib/users/verify-address";

type Snoozer = Scope<"reminder:snooze">;
const dayMs = 86_400_000;

/** Puts off the reminders about one thing of the fabric, with the reason on record. Replaces an earlier snooze. */
export async function snooze(
  scope: Snoozer,
  { topic, objectId, days, reason }: SnoozeInput,
): Promise<Result<null, never>> {
  const { actor, fabricId } = scope;
  await db.$transaction(async (tx) => {
    const object = await findObject(tx, scope, topic, objectId);
    const until = new Date(Date.now() + days * dayMs);
    const put = { until, reason, at: new Date(), byId: actor.id, byName: actor.name };
    await tx.snooze.upsert({
      where: { topic_objectId: { topic, objectId } },
      create: { topic, objectId, fabricId, ...put },
      update: put,
      select: { topic: true },
    });
    const details = { until: until.toISOString(), reason };
    await record(tx, { ...entry(scope, "reminder.snooze", object), details });
  });
  return ok(null);
}

/** Ends a snooze: the next reminder that is due is sent. */
export async function endSnooze(
  scope: Snoozer,
  { topic, objectId }: { topic: SnoozableTopic; objectId: string },
): Promise<Result<null, never>> {
  await db.$transaction(async (tx) => {
    const object = await findObject(tx, scope, topic, objectId);
    const { count } = await tx.snooze.deleteMany({
      where: { topic, objectId, fabricId: scope.fabricId },
    });
    if (count > 0) await record(tx, entry(scope, "reminder.resume", object));
  });
  return ok(null);
}

type Snoozed = { kind: "secret" | "token" | "connection"; id: string; name: string };

/** The thing with its name. Throws `NotFound` when the fabric has none. */
async function findObject(
  tx: Tx,
  { fabricId }: Snoozer,
  topic: SnoozableTopic,
  id: string,
): Promise<Snoozed> {
  if (id.includes("\0")) throw new NotFound("Not found.");
  const select = { id: true, name: true };
  const find = {
    "secret.expires": async () =>
      named("secret", await tx.secret.findFirst({ where: { id, fabricId, deletedAt: null }, select })),
    "token.expires": async () =>
      named("token", await tx.pipelineToken.findFirst({ where: { id, fabricId }, select })),
    "connection.fails": async () =>
      named("connection", await tx.connection.findFirst({ where: { id, fabricId }, select })),
  } as const;
  const object = await find[topic]();
  if (!object) throw new NotFound("Not found.");
  return object;
}

function named(kind: Snoozed["kind"], row: { id: string; name: string } | null): Snoozed | null {
  return row && { kind, ...row };
}

function entry(
  { actor, teamId, fabricId }: Snoozer,
  action: AuditEntry["action"],
  object: Snoozed,
): AuditEntry {
  return { actor, teamId, fabricId, action, object };
}

const codeForMs = 15 * 60_000;
const codeEveryMs = 60_000;
const maxFailures = 5;

/** Asks for a code to the person's own address, which automate sends. At most one a minute. */
export async function requestAddressCode(actor: Actor): Promise<Result<null, "too_soon">> {
  if (actor.kind !== "user") throw new NotFound("Only people have an address.");
  const code = String(randomInt(10 ** codeLength)).padStart(codeLength, "0");
  const now = new Date();
  const row = { emailKey: emailKey(actor.email), code, createdAt: now, failures: 0, queuedAt: null };
  const expiresAt = new Date(now.getTime() + codeForMs);
  return db.$transaction(async (tx) => {
    const [present] = await tx.$queryRaw<{ createdAt: Date }[]>`
      SELECT "createdAt" FROM address_code WHERE "userId" = ${actor.id} FOR UPDATE`;
    if (present && now.getTime() - present.createdAt.getTime() < codeEveryMs) return fail("too_soon");
    await tx.addressCode.upsert({
      where: { userId: actor.id },
      create: { userId: actor.id, ...row, expiresAt },
      update: { ...row, expiresAt },
      select: { userId: true },
    });
    return ok(null);
  });
}

/** Verifies the person's own address by the code that was sent there. */
export async function confirmAddress(
  actor: Actor,
  { code }: { code: string },
): Promise<Result<null, "wrong_code" | "no_code">> {
  if (actor.kind !== "user") throw new NotFound("Only people have an address.");
  const key = emailKey(actor.email);
  return db.$transaction(async (tx) => {
    // Locked, so that attempts at the same time count one after another.
    const [row] = await tx.$queryRaw<{ code: string; emailKey: string; failures: number }[]>`
      SELECT code, "emailKey", failures FROM address_code
      WHERE "userId" = ${actor.id} AND "expiresAt" > now() FOR UPDATE`;
    if (!row || row.failures >= maxFailures || row.emailKey !== key) return fail("no_code");
    if (!timingSafeEqual(Buffer.from(row.code), Buffer.from(code))) {
      await tx.addressCode.updateMany({
        where: { userId: actor.id },
        data: { failures: row.failures + 1 },
      });
      return fail("wrong_code", { code: "This is not the code of the last e-mail." });
    }
    await tx.addressCode.deleteMany({ where: { userId: actor.id } });
    await verifyAddress(tx, { id: actor.id, email: actor.email }, "code");
    await record(tx, {
      actor,
      teamId: null,
      fabricId: null,
      action: "user.address",
      object: { kind: "user", id: actor.id, name: actor.name },
    });
    return ok(null);
  });
}
