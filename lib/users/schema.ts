import { z } from "zod";

/** An e-mail address as it was typed; `emailKey` is what is compared. */
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
  // It is shown on terminals, too, which such characters steer.
  .regex(/^\P{Cc}*$/u, "Name holds a character that cannot be shown.")
  .meta({ title: "Name" });

/** A password to be set. Length is the only rule: rules about signs make worse passwords. */
export const newPassword = z
  .string()
  .min(12, "Use at least 12 characters; a few words together are easy to keep in mind.")
  .max(200, "Use at most 200 characters.")
  .meta({ title: "Password" });

/** What an e-mail address is unique by. */
export function emailKey(address: string): string {
  return address.trim().toLowerCase();
}

/** Somebody who proved who they are, and the epoch of their access at that time. */
export type ProvenPerson = { userId: string; accessEpoch: number };
