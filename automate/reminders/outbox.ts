import { db } from "@/lib/db/client";
import type { Channel } from "@/lib/reminders/schema";
import type { DeliveryFault } from "@/worker/deliver/protocol";

/** A message that this copy of automate has leased. */
export type Claimed = {
  id: string;
  channel: Channel;
  kind: "reminders" | "code";
  userId: string;
  reminderIds: string[];
  attempts: number;
  createdAt: Date;
};

/** Longer than a worker may take. Another copy sends the messages of a killed one after this time. */
const leaseSeconds = 120;
const atOnce = 20;
/** About two days, with the waits below. */
const maxAttempts = 14;
const maxWaitSeconds = 6 * 3600;

/** Takes messages of one channel that are due, longest waiting first. No other copy takes the same ones. */
export async function claimMessages(channel: Channel): Promise<Claimed[]> {
  return db.$queryRaw<Claimed[]>`
    UPDATE outgoing_message SET attempts = attempts + 1, "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::int)
    WHERE id = ANY(ARRAY(
      SELECT id FROM outgoing_message
      WHERE outcome IS NULL AND channel = ${channel} AND "nextTryAt" <= now() AND "leasedUntil" <= now()
      ORDER BY "nextTryAt", id LIMIT ${atOnce}::int FOR UPDATE SKIP LOCKED))
    RETURNING id, channel, kind, "userId", "reminderIds", attempts, "createdAt"`;
}

/** Ends a message that was sent, or that has nothing left to tell. */
export async function endMessage({ id }: Claimed, outcome: "sent" | "dropped"): Promise<void> {
  await db.outgoingMessage.updateMany({
    where: { id, outcome: null },
    data: { outcome, endedAt: new Date(), lastError: "" },
  });
}

/** Puts a message back after a fault, with a growing wait; or ends it when no attempt can succeed. */
export async function retryMessage(
  { id, attempts }: Claimed,
  fault: DeliveryFault,
): Promise<"waits" | "failed"> {
  const isOver = fault === "rejected_recipient" || attempts >= maxAttempts;
  const now = Date.now();
  await db.outgoingMessage.updateMany({
    where: { id, attempts, outcome: null },
    data: {
      lastError: fault,
      leasedUntil: new Date(now),
      ...(isOver
        ? { outcome: "failed", endedAt: new Date(now) }
        : { nextTryAt: new Date(now + waitSeconds(attempts) * 1000) }),
    },
  });
  return isOver ? "failed" : "waits";
}

/** One minute, doubled at each attempt, up to six hours; each shortened by up to a half, so that copies spread. */
export function waitSeconds(attempts: number, random = Math.random()): number {
  return Math.min(60 * 2 ** (attempts - 1), maxWaitSeconds) * (1 - random / 2);
}
