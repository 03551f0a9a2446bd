import type { SecretAnswer } from "@/automate/runtime-api/schema";
import type { Opened } from "@/automate/secrets/open-secret";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import type { FileField } from "@/lib/secrets/kinds/define";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** The runtime API's answer for one secret. */
export function secretAnswer({ name, subKind, version }: UsableSecret, opened: Opened): SecretAnswer {
  const answer = { name, subKind, version, value: answerValue(subKind, opened) };
  const kind = secretKinds[subKind];
  return kind.shape === "file" ? { ...answer, encoding: kind.fields.value.encoding } : answer;
}

/**
 * Returns a text as a string, a file in its encoding, and several fields as an object. Reads the opened values
 * once: their bytes are then overwritten, and only the answer holds the value.
 */
export function answerValue(subKind: SubKind, opened: Opened): string | Record<string, string> {
  const kind = secretKinds[subKind];
  try {
    if (kind.shape === "file") return encoded(opened.value?.revealBytes(), kind.fields.value.encoding);
    const texts = Object.fromEntries(
      Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
    );
    return kind.shape === "text" ? (texts.value ?? "") : texts;
  } finally {
    for (const plaintext of Object.values(opened)) plaintext.wipe();
  }
}

function encoded(bytes: Uint8Array = new Uint8Array(), encoding: FileField["encoding"]): string {
  // A view of the same bytes, not a copy that would stay in memory.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding);
}
