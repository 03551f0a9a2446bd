import type { UsableSecret } from "@/automate/secrets/current-secret";
import type { Opened } from "@/automate/secrets/open-secret";

/** The runtime API's answer for one secret. */
export function secretAnswer({ name, subKind, version }: UsableSecret, opened: Opened) {
  const answer = { name, subKind, version, value: answerValue(subKind, opened) };
  return subKind === "binary" ? { ...answer, encoding: "base64" } : answer;
}

/**
 * Returns a Text as a string, a Binary as Base64, and other types as an object of their fields. Reads the
 * opened values once: their bytes are then overwritten, and only the answer holds the value.
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
  // A view of the same bytes, not a copy that would stay in memory.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
