/**
 * A textarea changes every line end to "\n". So the form keeps a secret's exact text separately, and these
 * functions map between the exact and the displayed text.
 */

/** The displayed text for `exact`. */
export function shownText(exact: string): string {
  return exact.replace(/\r\n?/g, "\n");
}

/** `exact`, with the textarea's selection from `start` to `end` replaced by `pasted`. */
export function withPasted(exact: string, start: number, end: number, pasted: string): string {
  return exact.slice(0, exactOffset(exact, start)) + pasted + exact.slice(exactOffset(exact, end));
}

/** The exact text of a file, including a byte order mark; null when it is not UTF-8. */
export async function readText(file: File): Promise<string | null> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder throws if the bytes are not UTF-8.
    return null;
  }
}

/** Copies a file into memory, so that later changes on disk do not affect it; null when it cannot be read. */
export async function inMemory(file: File): Promise<File | null> {
  const bytes = await file.arrayBuffer().catch(() => null);
  return bytes && new File([bytes], file.name, { type: file.type });
}

/** Maps an offset in the textarea to an offset in `exact`: the textarea counts "\r\n" as one character. */
function exactOffset(exact: string, shownOffset: number): number {
  let offset = 0;
  for (let shown = 0; shown < shownOffset && offset < exact.length; shown += 1)
    offset += exact.startsWith("\r\n", offset) ? 2 : 1;
  return offset;
}

export type RefusedFile = { file: File; reason: string };
