import type { UsableSecret } from "@/automate/current-secret";
import type { Opened } from "@/automate/open-secret";

/** What a pipeline receives of one secret. */
export function secretAnswer({ name, subKind, version }: UsableSecret, opened: Opened) {
  const answer = { name, subKind, version, value: answerValue(subKind, opened) };
  return subKind === "binary" ? { ...answer, encoding: "base64" } : answer;
}

/** Text and Binary have one field, `value`, and a Binary is Base64; the others are an object of their fields, by their API names. */
export function answerValue(subKind: string, opened: Opened): string | Record<string, string> {
  if (subKind === "binary") return Buffer.from(opened.value?.revealBytes() ?? []).toString("base64");
  const texts = Object.fromEntries(
    Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
  );
  return subKind === "text" ? (texts.value ?? "") : texts;
}
