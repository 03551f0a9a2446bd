import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";
import { channels, type ReminderSettings, type SnoozableTopic, type Snooze } from "@/lib/reminders/schema";
import { emailKey } from "@/lib/users/schema";

/** The snooze of the reminders about one thing; null when they are not put off. */
export async function findSnooze(
  { fabricId }: Scope<"secret:list"> | Scope<"connection:list">,
  topic: SnoozableTopic,
  objectId: string,
): Promise<Snooze | null> {
  return db.snooze.findFirst({
    where: { topic, objectId, fabricId, until: { gt: new Date() } },
    select: { until: true, reason: true, byName: true, at: true },
  });
}

/** The snoozes of the reminders about pipeline tokens of the fabric, by the ids of the tokens. */
export async function listTokenSnoozes({
  fabricId,
}: Scope<"token:list">): Promise<ReadonlyMap<string, Snooze>> {
  const rows = await db.snooze.findMany({
    where: { topic: "token.expires", fabricId, until: { gt: new Date() } },
    select: { objectId: true, until: true, reason: true, byName: true, at: true },
  });
  return new Map(rows.map(({ objectId, ...snooze }) => [objectId, snooze]));
}

/** A copy of automate shows its channels once a minute. */
const seenForMs = 3 * 60_000;

/** How the person is reminded, and whether their address is verified. */
export async function getReminderSettings(actor: Actor & { kind: "user" }): Promise<ReminderSettings> {
  const [verified, code, seen] = await Promise.all([
    db.verifiedAddress.findUnique({ where: { userId: actor.id }, select: { emailKey: true, method: true } }),
    db.addressCode.findUnique({ where: { userId: actor.id }, select: { createdAt: true, expiresAt: true } }),
    db.reminderChannel.findMany({
      where: { seenAt: { gt: new Date(Date.now() - seenForMs) } },
      select: { channel: true },
    }),
  ]);
  const methods = ["identity", "operator", "code"] as const;
  return {
    email: actor.email,
    verifiedBy:
      verified?.emailKey === emailKey(actor.email)
        ? (methods.find((one) => one === verified.method) ?? null)
        : null,
    codeSentAt: code && code.expiresAt > new Date() ? code.createdAt : null,
    channels: channels.filter((one) => seen.some(({ channel }) => channel === one)),
  };
}
