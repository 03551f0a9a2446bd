import * as z from "zod";

/** How many days before its expiry a thing counts as expiring. */
export const expiringDays = 30;

/** The days before the expiry on which the owner is reminded. */
export const reminderDays = [30, 7, 1, 0] as const;

const dayMs = 86_400_000;

/** The date of a thing that never expires, as stored, so that lists sort by it. */
export const never = new Date("9999-12-31T00:00:00Z");

/** Where a date comes from: a person entered it, or the value itself carries it. */
export const expirySources = ["entered", "certificate", "token", "signature", "key"] as const;
export type ExpirySource = (typeof expirySources)[number];

/** When a secret's current value expires. */
export type Expiry = { at: Date; source: ExpirySource };

/** The stored columns as an expiry; null for never. */
export function expiryOf(at: Date, source: string): Expiry | null {
  const known = expirySources.find((one) => one === source);
  return known && at.getTime() < never.getTime() ? { at, source: known } : null;
}

/** The whole days that are left until `at`; negative afterwards. */
export function daysUntil(at: Date, now: Date): number {
  return Math.floor((at.getTime() - now.getTime()) / dayMs);
}

/** When `at` comes, for a person: "today" and "tomorrow" are days in UTC. */
export function whenText(at: Date, now: Date): string {
  const days = daysUntil(at, now);
  const nights = Math.floor(at.getTime() / dayMs) - Math.floor(now.getTime() / dayMs);
  if (nights === 0) return "today";
  return nights === 1 ? "tomorrow" : `in ${Math.max(days, 2)} days`;
}

/**
 * A day such as 2027-03-01, which lasts until its end in UTC, or a time with its offset. Returns a time in UTC as a
 * text, which it accepts again: forms send it to web, whose actions receive no other dates.
 */
export const expiryText = z
  .union([z.iso.date().transform((day) => `${day}T23:59:59.999Z`), z.iso.datetime({ offset: true })])
  .refine(
    (text) => Date.parse(text) >= Date.UTC(2000, 0) && Date.parse(text) < never.getTime(),
    "Enter a day after 1999, such as 2027-03-01.",
  )
  .transform((text) => new Date(text).toISOString());

/** The same in a form, which is empty for none. */
export const optionalExpiry = z.union([z.literal("").transform(() => null), expiryText]);

/** The day of an entered date, as forms hold it. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** A person who takes care of a secret or a token. */
export type Owner = { id: string; name: string; email: string };
