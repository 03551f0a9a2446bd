import { open } from "node:fs/promises";

/** One encoding of a value, as bytes. */
type Form = { name: string; bytes: Buffer };
/** A leaked value: where it was found, in which encoding, and the surrounding text. */
export type Leak = { place: string; form: string; around: string };

const chunkBytes = 4 * 1024 * 1024;

/**
 * Every encoding in which `value` could leak. Where an encoding depends on the surrounding text, only the
 * part that does not: for base64, the part at each of its three offsets.
 */
export function formsOf(value: string): Form[] {
  const raw = Buffer.from(value, "utf8");
  const hex = raw.toString("hex");
  const percent = hex.replace(/../g, "%$&");
  const texts: Record<string, string> = {
    raw: value,
    json: JSON.stringify(value).slice(1, -1),
    hex,
    "upper-case hex": hex.toUpperCase(),
    "url-encoded": encodeURIComponent(value),
    "form-encoded": new URLSearchParams([["", value]]).toString().slice(1),
    "percent-encoded": percent,
    "upper-case percent-encoded": percent.toUpperCase(),
  };
  for (const offset of [0, 1, 2]) {
    const base64 = innerBase64(raw, offset);
    texts[`base64 at ${offset}`] = base64;
    texts[`base64url at ${offset}`] = base64.replaceAll("+", "-").replaceAll("/", "_");
  }
  const seen = new Set<string>();
  return Object.entries(texts).flatMap(([name, text]) => {
    if (seen.has(text)) return [];
    seen.add(text);
    return [{ name, bytes: Buffer.from(text, "utf8") }];
  });
}

/** The base64 characters that the value alone determines, when `offset` other bytes precede it. */
function innerBase64(raw: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), raw]);
  const first = Math.ceil((offset * 8) / 6);
  return whole.toString("base64").slice(first, Math.floor((whole.length * 8) / 6));
}

/** Finds `value` in `content`, in any encoding. */
export function findLeaks(place: string, content: Buffer | string, value: string): Leak[] {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  return formsOf(value).flatMap(({ name, bytes: wanted }) => {
    const at = bytes.indexOf(wanted);
    return at < 0 ? [] : [{ place, form: name, around: around(bytes, at, wanted.length) }];
  });
}

/**
 * `findLeaks` for the raw bytes of a file of any size. A file that was deleted in the meantime has no leaks.
 */
export async function findLeaksInFile(path: string, value: string): Promise<Leak[]> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return [];
  try {
    const overlap = Math.max(...formsOf(value).map(({ bytes }) => bytes.length)) + 64;
    const { size } = await file.stat();
    // Thousands of files are small, so the buffer has the file's size. One more byte detects a file that
    // grows in the meantime.
    const window = Buffer.allocUnsafe(overlap + Math.min(size + 1, chunkBytes));
    let kept = 0;
    for (;;) {
      const { bytesRead } = await file.read(window, kept, window.length - kept);
      if (bytesRead === 0) return [];
      const end = kept + bytesRead;
      const leaks = findLeaks(path, window.subarray(0, end), value);
      if (leaks.length > 0) return leaks;
      kept = Math.min(overlap, end);
      window.copy(window, 0, end - kept, end);
    }
  } finally {
    await file.close();
  }
}

function around(bytes: Buffer, at: number, length: number): string {
  return bytes.toString("latin1", Math.max(0, at - 60), at + length + 30).replace(/[^\x20-\x7e]/g, ".");
}
