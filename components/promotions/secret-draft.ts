import type { PlannedSecret, SecretUse } from "@/lib/promotions/schema";

/** What a person has chosen for a secret so far. */
export type Draft = { way: "existing" | "copy"; useId: string; copyName: string };

/** Preselects the secret with the same name there, if one exists. Never a copy. */
export function initialDraft({ there, name, isNameTaken }: PlannedSecret): Draft {
  return { way: "existing", useId: there?.id ?? "", copyName: isNameTaken ? "" : name };
}

/** The choice as the action takes it; null while something is missing. */
export function chosenUse(
  { id: secretId }: PlannedSecret,
  { way, useId, copyName }: Draft,
): SecretUse | null {
  if (way === "existing") return useId === "" ? null : { way, secretId, useId };
  return copyName === "" ? null : { way, secretId, name: copyName };
}
