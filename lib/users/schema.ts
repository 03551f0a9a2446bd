import * as z from "zod";

/** An e-mail address as typed. Comparisons use `emailKey`. */
export const email = z
  .string()
  .trim()
  .max(254, "This address is too long.")
  .pipe(z.email("Enter an e-mail address, such as ada@example.com."))
  .meta({ title: "E-mail" });

/** A person's name as others see it. */
export const personName = z
  .string()
  .trim()
  .min(1, "Enter a name.")
  .max(100, "Use at most 100 characters.")
  // Terminals show this name too, and control characters could inject terminal commands.
  .regex(/^\P{Cc}*$/u, "Name contains a character that cannot be displayed.")
  .meta({ title: "Name" });

/** A new password. Length is the only rule: rules about kinds of characters lead to worse passwords. */
export const newPassword = z
  .string()
  .min(12, "Use at least 12 characters. A few words together are easy to remember.")
  .max(200, "Use at most 200 characters.")
  .meta({ title: "Password" });

/** The form of an e-mail address that is unique. */
export function emailKey(address: string): string {
  return address.trim().toLowerCase();
}

/** A person who proved their identity, with their access epoch at that time. */
export type ProvenPerson = { userId: string; accessEpoch: number };
