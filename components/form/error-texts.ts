const texts: Record<string, string> = {
  invalid: "Correct the marked fields.",
  name_taken: "This name is already taken. Choose another one.",
  not_found: "This no longer exists, or you no longer have access to it. Reload the page.",
  forbidden: "Your role does not allow this. Ask an Admin of the team.",
  signed_out:
    "You are signed out. Sign in again in another tab, then try again. Your input here is not lost.",
  rate_limited:
    "Too many requests in the last minute. Nothing was saved. Try again in a minute: your input here is not lost.",
  quota_exceeded: "A limit of this installation does not allow more. Nothing was saved.",
  reauthenticate: "This requires a recent sign-in. Sign in again, then try again.",
  automate_unavailable: "Automate is not available. Nothing was changed. Try again in a moment.",
  in_use: "This is still in use, so it cannot be deleted.",
  conflict: "Someone else changed this in the meantime. Reload the page to see their version.",
  key_service_unavailable: "The key service is not available. Nothing was changed. Try again in a moment.",
  too_large: "This is too large to be saved.",
  last_admin: "A team needs at least one Admin. Make someone else an Admin first.",
  unexpected: "Something went wrong. Nothing was saved. Try again in a moment.",
  database_unavailable: "The database is not available. Nothing was saved. Try again in a moment.",
  outcome_unknown: "It is not known whether this was saved. Reload the page to see, before you try again.",
  misconfigured:
    "Selvage is not configured correctly. Nothing was saved. Tell an operator of Selvage. The log of web names the cause.",
  partly_saved: "Only a part of this was saved. Reload the page to see the current state.",
  saved_before: "Your first attempt was saved, with the input of that time. Close this dialog to see it.",
};

/** For forms whose action is idempotent: sending again has no second effect. */
export const repeatableTexts = {
  outcome_unknown:
    "It is not known whether it was saved. Look at the list, or send it again: sending again is safe.",
} as const;

/** Codes that the marked fields already explain. */
const fieldCodes = new Set(["invalid", "name_taken", "too_large"]);

/** The sentence for a code: the caller's own, or else the common one. */
export function errorText(code: string, own: Readonly<Record<string, string>> = {}): string {
  return own[code] ?? texts[code] ?? "Something went wrong. Try again in a moment.";
}

/**
 * The title above that sentence. `unchanged` is used only when certainly nothing was saved. An undefined code
 * means that no answer arrived.
 */
export function failureTitle(code: string | undefined, unchanged: string): string {
  if (code === "partly_saved") return "Only a part was saved";
  return code === undefined || code === "outcome_unknown" ? "No answer received" : unchanged;
}

/** True when the field errors alone explain the code. */
export function isFieldCode(code: string): boolean {
  return fieldCodes.has(code);
}
