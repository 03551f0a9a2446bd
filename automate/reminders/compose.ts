import { type Due, findDue, isExpiry } from "@/automate/reminders/due";
import type { Claimed } from "@/automate/reminders/outbox";
import { findRecipients } from "@/automate/reminders/recipients";
import { db } from "@/lib/db/client";
import { snoozableTopics, type Topic } from "@/lib/reminders/schema";
import type { Email } from "@/worker/deliver/protocol";

/**
 * Writes an e-mail from the rows as they are now: a thing that was replaced, snoozed or deleted meanwhile, or that its
 * reader may not see any more, is left out. Null when nothing is left to tell.
 */
export async function composeReminders(
  { id, userId, reminderIds }: Claimed,
  publicUrl: string,
  now = new Date(),
): Promise<Email | null> {
  const due = await stillDue(reminderIds, now);
  const recipientsOf = await findRecipients(due);
  const own = due.filter((one) => recipientsOf(one).some((person) => person.id === userId));
  const reader = own[0] && recipientsOf(own[0]).find((person) => person.id === userId);
  if (!reader) return null;
  const [first] = own;
  const subject =
    own.length === 1 && first ? `${thing(first)} ${happens(first)}` : `Selvage: ${own.length} reminders`;
  const text = [
    `Hello ${plain(reader.name)},`,
    ...own.map((one) => `${sentence(one)}\n${linkTo(one, publicUrl)}`),
    own.some(({ ownerId }) => ownerId !== userId)
      ? "You receive this as the owner, or as an Admin of the team because no owner can be reached."
      : "You receive this as the owner.",
    `Selvage repeats a failure until it is dealt with.${
      own.some(({ topic }) => (snoozableTopics as readonly Topic[]).includes(topic))
        ? " To put reminders off, open the page and press Snooze."
        : ""
    }\nThe links only open pages. This e-mail contains no value of a secret.`,
  ].join("\n\n");
  return { id, to: reader.email, subject, text: `${text}\n` };
}

/** The body of a webhook call: one event (standardwebhooks.com). Null when nothing is left to tell. */
export async function composeEvent(
  { reminderIds, createdAt }: Claimed,
  publicUrl: string,
  now = new Date(),
): Promise<string | null> {
  const [one] = await stillDue(reminderIds, now);
  if (!one) return null;
  const { topic, objectId, name, fabricId, fabricName, teamId, teamName, at, days } = one;
  const owner =
    one.ownerId && (await db.user.findUnique({ where: { id: one.ownerId }, select: { name: true } }));
  return JSON.stringify({
    type: topic,
    timestamp: createdAt.toISOString(),
    data: {
      object: { id: objectId, name },
      fabric: fabricId === null ? null : { id: fabricId, name: fabricName },
      team: teamId === null ? null : { id: teamId, name: teamName },
      owner: owner ? owner.name : null,
      ...(isExpiry(topic)
        ? { expiresAt: at.toISOString(), daysLeft: days }
        : { failingSince: at.toISOString() }),
      url: linkTo(one, publicUrl),
    },
  });
}

/** The e-mail with the code for an address. Null when the code has expired, or the person has another address now. */
export async function composeCode({ id, userId }: Claimed, publicUrl: string): Promise<Email | null> {
  const [row] = await db.$queryRaw<{ name: string; email: string; code: string }[]>`
    SELECT u.name, u.email, c.code FROM address_code c JOIN app_user u ON u.id = c."userId"
    WHERE c."userId" = ${userId} AND c."expiresAt" > now() AND u."lockedAt" IS NULL`;
  if (!row) return null;
  const text = `Hello ${plain(row.name)},

the code for your address is ${row.code.slice(0, 4)} ${row.code.slice(4)}. It is valid for 15 minutes.
Enter it in Selvage under Settings, Reminders: ${new URL("/settings/reminders", publicUrl)}

If you did not ask for it, you need to do nothing.
`;
  return { id, to: row.email, subject: "Your code for Selvage", text };
}

async function stillDue(reminderIds: readonly string[], now: Date): Promise<Due[]> {
  const reminders = await db.reminder.findMany({
    where: { id: { in: [...reminderIds] } },
    select: { topic: true, objectId: true, occasion: true },
  });
  const found = await findDue(
    db,
    now,
    reminders.map(({ objectId }) => objectId),
  );
  const byOccasion = new Set(
    reminders.map(({ topic, objectId, occasion }) => `${topic} ${objectId} ${occasion.split("/")[0]}`),
  );
  return found.filter((one) => byOccasion.has(`${one.topic} ${one.objectId} ${one.at.toISOString()}`));
}

function thing({ topic, name }: Due): string {
  const kinds = {
    "secret.expires": "Secret",
    "token.expires": "Pipeline token",
    "access_token.expires": "Your access token",
    "connection.fails": "Connection",
    "rotation.fails": "The key rotation of fabric",
    "password.fails": "Secret",
  } as const;
  return `${kinds[topic]} “${plain(name)}”`;
}

function happens({ topic, days }: Due): string {
  if (topic === "password.fails") return "could not be rotated";
  if (!isExpiry(topic)) return topic === "rotation.fails" ? "needs attention" : "is disconnected";
  if (days < 0) return "has expired";
  if (days === 0) return "expires within 24 hours";
  return `expires in ${days === 1 ? "1 day" : `${days} days`}`;
}

function sentence(one: Due): string {
  const where =
    one.fabricName === null || one.topic === "rotation.fails"
      ? ""
      : ` of fabric “${plain(one.fabricName)}” (team ${plain(one.teamName ?? "")})`;
  const day = one.at.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const when = isExpiry(one.topic) ? `: ${day}` : ` since ${day}`;
  return `${thing(one)}${where} ${happens(one)}${when}.`;
}

function linkTo({ topic, objectId, fabricId }: Due, publicUrl: string): string {
  const pages = {
    "secret.expires": `/metadata/fabrics/${fabricId}/secrets/${objectId}`,
    "token.expires": `/metadata/fabrics/${fabricId}/advanced`,
    "access_token.expires": "/settings/access-tokens",
    "connection.fails": `/metadata/fabrics/${fabricId}/connections/${objectId}`,
    "rotation.fails": `/metadata/fabrics/${fabricId}/advanced`,
    "password.fails": `/metadata/fabrics/${fabricId}/secrets/${objectId}`,
  } as const;
  return new URL(pages[topic], publicUrl).href;
}

/**
 * Other people's words on one line, which turn the direction of no other text (Unicode TR 9, §2). An address with a
 * scheme or "www." is taken apart: mail programs would make a link of it.
 */
function plain(name: string): string {
  return name
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/:\/\/|www\./gi, (found) => `${found[0]} ${found.slice(1)}`);
}
