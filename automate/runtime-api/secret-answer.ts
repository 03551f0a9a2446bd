import type { UsableSecret } from "@/automate/secrets/current-secret";
import type { Opened } from "@/automate/secrets/open-secret";

/** What a pipeline receives of one secret. */
export function secretAnswer({ name, subKind, version }: UsableSecret, opened: Opened) {
  const answer = { name, subKind, version, value: answerValue(subKind, opened) };
  return subKind === "binary" ? { ...answer, encoding: "base64" } : answer;
}

/**
 * Text and Binary have one field, `value`, and a Binary is Base64; the others are an object of their fields, by their API names.
 * What was opened is read once: its bytes are overwritten, and the answer has the value.
 */
export function answerValue(subKind: string, opened: Opened): string | Record<string, string> {
  try {
    if (subKind === "binary") return base64Of(opened.value?.revealBytes());
    const texts = Object.fromEntries(
      Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
    );
    return subKind === "text" ? (texts.value ?? "") : texts;
  } finally {
    for (const plaintext of Object.values(opened)) plaintext.wipe();
  }
}

function base64Of(bytes: Uint8Array = new Uint8Array()): string {
  // Without a copy of them.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
