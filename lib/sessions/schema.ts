import { z } from "zod";
import { email, type ProvenPerson } from "@/lib/users/schema";

// What was typed is compared, not judged: a password of old rules must still get in.
const givenPassword = z
  .string()
  .min(1, "Enter your password.")
  .max(1_000, "This is too long for a password.");

/** What the sign-in form asks. */
export const signInInput = z.object({ email, password: givenPassword });
export type SignInInput = z.infer<typeof signInInput>;

/** What a person is asked again before an act that gives power. */
export const reauthenticateInput = z.object({ password: givenPassword });

/** How a try at a password ends: with the same answer for a wrong password and an unknown e-mail. */
export type PasswordProof =
  | ({ ok: true } & ProvenPerson)
  | { ok: false; code: "wrong_password" }
  | { ok: false; code: "delayed"; seconds: number };

/** What a delayed person reads. */
export function delayText(seconds: number): string {
  return `Too many tries. Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
}
