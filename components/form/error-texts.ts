const texts: Record<string, string> = {
  invalid: "Some fields need another look.",
  name_taken: "That name is already taken here. Choose another one.",
  not_found: "This is no longer there, or you no longer have access to it. Reload the page to see what is.",
  forbidden: "Your role does not allow this. Ask an Admin of the team.",
  signed_out:
    "You have been signed out. Sign in again in another tab, then try once more: nothing you entered is lost.",
  reauthenticate: "This needs a recent sign-in. Sign in again, then try once more.",
  automate_unavailable:
    "The Automate service cannot be reached just now. Nothing was changed. Try again in a moment.",
  in_use: "This is still in use, so it cannot be deleted.",
  conflict: "Somebody else changed this in the meantime. Reload the page to see their version.",
  too_large: "That is too large to be saved.",
  last_admin: "A team needs at least one Admin. Make somebody else an Admin first.",
  unexpected: "That did not work, and nothing was saved. Try again in a moment.",
  database_unavailable: "The database is not available. Nothing was saved. Try again in a moment.",
  outcome_unknown: "It is not known whether this was saved. Reload the page and look before you try again.",
  misconfigured:
    "Selvage is not set up right, so nothing was saved. Tell an operator: the log of web says why.",
  partly_saved: "Something went wrong after a part of this was saved. Reload the page to see what is there.",
  saved_before: "Your first attempt was saved, with what you had entered then. Close this to see it.",
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
  return own[code] ?? texts[code] ?? "That did not work. Try again in a moment.";
}

/**
 * The title above that sentence. `unchanged` is used only when certainly nothing was saved. An undefined code
 * means that no answer arrived.
 */
export function failureTitle(code: string | undefined, unchanged: string): string {
  if (code === "partly_saved") return "A part of this was saved";
  return code === undefined || code === "outcome_unknown" ? "The answer was lost" : unchanged;
}

/** True when the field errors alone explain the code. */
export function isFieldCode(code: string): boolean {
  return fieldCodes.has(code);
}
