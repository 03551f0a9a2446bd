/**
 * A textarea turns every line end into "\n". The text of a secret is therefore kept apart from what the textarea
 * shows: these functions go from one to the other.
 */

/** What a textarea shows of `kept`. */
export function shownText(kept: string): string {
  return kept.replace(/\r\n?/g, "\n");
}

/** `kept` with `pasted` in place of what is selected in the textarea between `start` and `end`. */
export function withPasted(kept: string, start: number, end: number, pasted: string): string {
  return kept.slice(0, keptOffset(kept, start)) + pasted + kept.slice(keptOffset(kept, end));
}

/** The text of a file, byte for byte (its byte order mark too), or null when it is not UTF-8. */
export async function readText(file: File): Promise<string | null> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder's only way to say that these bytes are no text.
    return null;
  }
}

/** A copy in memory, which no longer changes or disappears with the file on disk; null when it cannot be read. */
export async function inMemory(file: File): Promise<File | null> {
  const bytes = await file.arrayBuffer().catch(() => null);
  return bytes && new File([bytes], file.name, { type: file.type });
}

/** The offset in `kept` of an offset in what the textarea shows: a "\r\n" is one character there. */
function keptOffset(kept: string, shownOffset: number): number {
  let offset = 0;
  for (let shown = 0; shown < shownOffset && offset < kept.length; shown += 1)
    offset += kept.startsWith("\r\n", offset) ? 2 : 1;
  return offset;
}

export type RefusedFile = { file: File; reason: string };
