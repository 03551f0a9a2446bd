import * as z from "zod";
import { email, type ProvenPerson } from "@/lib/users/schema";

// No rules for an existing password: one set under older rules must still work.
const enteredPassword = z.string().min(1, "Enter your password.").max(1_000, "This password is too long.");

/** The input of the sign-in form. */
export const signInInput = z.object({ email, password: enteredPassword });

/** The input of a repeated sign-in, required before powerful acts. */
export const reauthenticateInput = z.object({ password: enteredPassword });

/** The outcome of a password attempt. A wrong password and an unknown e-mail give the same code. */
export type PasswordProof =
  | ({ ok: true } & ProvenPerson)
  | { ok: false; code: "wrong_password" }
  // Too many attempts, of the account or of its network; or too many passwords to check at once.
  | { ok: false; code: "delayed" | "busy"; seconds: number };

/** The message for a sign-in that has to wait. */
export function waitText(code: "delayed" | "busy", seconds: number): string {
  const reason = code === "busy" ? "Too many people are signing in at once." : "Too many attempts.";
  return `${reason} Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
}
