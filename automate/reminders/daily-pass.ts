import { v7 as uuidv7 } from "uuid";
import { type Due, findDue, occasionOf } from "@/automate/reminders/due";
import { findRecipients, type Recipient } from "@/automate/reminders/recipients";
import { db, type Tx } from "@/lib/db/client";
import type { Channel } from "@/lib/reminders/schema";

/** The most things that one e-mail names. */
const maxInEmail = 100;

/**
 * Finds what is due on the day of `now`, and puts its messages into the outbox, in one transaction. Returns how many
 * things are new; null when another run or copy of automate has done this day.
 */
export async function findReminders(channels: readonly Channel[], now = new Date()): Promise<number | null> {
  return db.$transaction(async (tx) => {
    const day = now.toISOString().slice(0, 10);
    const { count } = await tx.reminderPass.createMany({
      data: [{ day, reminders: 0 }],
      skipDuplicates: true,
    });
    if (count === 0) return null;
    const due = await findDue(tx, now);
    const recipientsOf = channels.includes("email") ? await findRecipients(due, tx) : () => [];
    // A reminder that would reach nobody is not stored, so a later pass sends it once somebody can receive it.
    const reaching = due.filter((one) => channels.includes("webhook") || recipientsOf(one).length > 0);
    const told = await storeNew(tx, reaching);
    await addEmails(tx, told, recipientsOf);
    if (channels.includes("webhook"))
      await tx.outgoingMessage.createMany({
        data: told.map(({ id }) => ({ channel: "webhook", kind: "reminders", reminderIds: [id] })),
      });
    await tx.reminderPass.update({ where: { day }, data: { reminders: told.length }, select: { day: true } });
    return told.length;
  });
}

type Told = Due & { id: string };

/** Stores the reminders that are new, and returns them. */
async function storeNew(tx: Tx, due: readonly Due[]): Promise<Told[]> {
  const candidates = due.map((one) => ({ ...one, id: uuidv7(), occasion: occasionOf(one) }));
  const rows = candidates.map(({ id, topic, objectId, fabricId, occasion }) => ({
    ...{ id, topic, objectId, fabricId, occasion },
  }));
  const stored = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO reminder (id, topic, "objectId", "fabricId", occasion)
    SELECT id, topic, "objectId", "fabricId", occasion
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id text, topic text, "objectId" text, "fabricId" text, occasion text)
    ON CONFLICT (topic, "objectId", occasion) DO NOTHING RETURNING id`;
  const ids = new Set(stored.map(({ id }) => id));
  return candidates.filter(({ id }) => ids.has(id));
}

async function addEmails(
  tx: Tx,
  told: readonly Told[],
  recipientsOf: (one: Due) => readonly Recipient[],
): Promise<void> {
  const byPerson = new Map<string, string[]>();
  for (const one of told)
    for (const { id } of recipientsOf(one)) byPerson.set(id, [...(byPerson.get(id) ?? []), one.id]);
  await tx.outgoingMessage.createMany({
    data: [...byPerson].flatMap(([userId, ids]) =>
      chunks(ids).map((reminderIds) => ({ channel: "email", kind: "reminders", userId, reminderIds })),
    ),
  });
}

function chunks(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / maxInEmail);
  return Array.from({ length: count }, (_, n) => ids.slice(n * maxInEmail, (n + 1) * maxInEmail));
}
