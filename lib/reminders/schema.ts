import * as z from "zod";
import type { Expiry } from "@/lib/expiry/schema";

/** What a reminder can be about. */
export const topics = [
  "secret.expires",
  "token.expires",
  "access_token.expires",
  "connection.fails",
  "rotation.fails",
  "password.fails",
] as const;
export type Topic = (typeof topics)[number];

/** The topics whose reminders a member can put off, on the page of the thing. */
export const snoozableTopics = ["secret.expires", "token.expires", "connection.fails"] as const;
export type SnoozableTopic = (typeof snoozableTopics)[number];

/** The channels that an operator can set up. */
export const channels = ["email", "webhook"] as const;
export type Channel = (typeof channels)[number];

/** For how many days a person can put reminders off. */
export const snoozeDays = [7, 14, 30, 90] as const;

export const snoozeInput = z.object({
  topic: z.enum(snoozableTopics),
  objectId: z.string().max(64),
  days: z.union(snoozeDays.map((days) => z.literal(days))),
  reason: z
    .string()
    .trim()
    .min(1, "Enter a reason.")
    .max(280, "Use at most 280 characters.")
    .regex(/^[^\0]*$/, "Reason contains a character that cannot be stored."),
});
export type SnoozeInput = z.output<typeof snoozeInput>;

export const endSnoozeInput = z.object({ topic: z.enum(snoozableTopics), objectId: z.string().max(64) });

/** Reminders that somebody put off. */
export type Snooze = { until: Date; reason: string; byName: string; at: Date };

/** The digits of the code that confirms an address. */
export const codeLength = 8;

export const confirmAddressInput = z.object({
  code: z
    .string()
    .transform((text) => text.replace(/[\s-]/g, ""))
    .pipe(z.string().regex(/^\d{8}$/, `Enter the ${codeLength} digits of the e-mail.`)),
});

/** How a person is reminded. */
export type ReminderSettings = {
  email: string;
  /** How the address was verified; null when it was not. */
  verifiedBy: "identity" | "operator" | "code" | null;
  /** When the last code was requested; null when none is valid. */
  codeSentAt: Date | null;
  /** The channels that this installation sends through now. */
  channels: readonly Channel[];
};

/** A secret or pipeline token that expires soon, in any fabric. */
export type OwnExpiring = {
  kind: "secret" | "token";
  id: string;
  name: string;
  fabricId: string;
  fabricName: string;
  expiry: Expiry;
};
