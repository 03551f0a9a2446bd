import { Transform } from "node:stream";

const mask = Buffer.from("***");
/** Shorter values are not masked, because they occur in too many words: "a" would mask every "a". */
const minLength = 4;

/** True when a value is long enough to be masked. */
export function isMaskable(value: string): boolean {
  return value.length >= minLength;
}

/**
 * A stream that replaces each value, and each line of a multi-line value, with `***`. It also finds values
 * escaped for JSON or URLs, and values split across chunks. It holds back only bytes that may begin a value,
 * so that prompts appear at once.
 */
export function createMask(values: readonly string[]): Transform {
  const formsByByte = formsByFirstByte(values);
  let held: Buffer = Buffer.alloc(0);
  /** The number of held bytes that belong to a value already replaced with `***`. */
  let covered = 0;
  const maskChunk = (chunk: Buffer, isLast: boolean): Buffer => {
    const bytes = Buffer.concat([held, chunk]);
    const parts: Buffer[] = [];
    let plainFrom = covered;
    let at = 0;
    for (; at < bytes.length; at += 1) {
      const candidates = formsByByte.get(bytes[at] ?? 0);
      if (!candidates) continue;
      // A longer value may still be arriving, even where a shorter one is complete.
      if (!isLast && candidates.some((value) => isBeginning(bytes, at, value))) break;
      const found = candidates.find((value) => isAt(bytes, at, value));
      if (!found) continue;
      if (at >= plainFrom) parts.push(bytes.subarray(plainFrom, at), mask);
      plainFrom = Math.max(plainFrom, at + found.length);
    }
    if (at > plainFrom) parts.push(bytes.subarray(plainFrom, at));
    held = bytes.subarray(at);
    covered = Math.max(0, plainFrom - at);
    return Buffer.concat(parts);
  };
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, maskChunk(chunk, false)),
    flush: (done) => done(null, maskChunk(Buffer.alloc(0), true)),
  });
}

/** The values by their first byte, longest first. */
function formsByFirstByte(values: readonly string[]): Map<number, Buffer[]> {
  const forms = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .filter(isMaskable)
    .flatMap(writtenForms);
  const byFirstByte = new Map<number, Buffer[]>();
  for (const form of [...new Set(forms)]
    .map((text) => Buffer.from(text))
    .sort((a, b) => b.length - a.length)) {
    const first = form[0] ?? 0;
    byFirstByte.set(first, [...(byFirstByte.get(first) ?? []), form]);
  }
  return byFirstByte;
}

function writtenForms(value: string): string[] {
  // An environment variable is always well-formed text, and URL encoding requires that.
  const text = Buffer.from(value).toString();
  return [text, ...jsonForms(text), ...urlForms(text)];
}

/**
 * JSON escapes: ASCII-only or not; HTML-safe as in Go, Rails, or PHP and .NET; with or without escaped
 * slashes.
 */
function jsonForms(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const unicode = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const upper = (unit: string) => `\\u${unicode(unit).slice(2).toUpperCase()}`;
  const safe = [
    plain,
    plain.replace(/[<>&]/g, unicode),
    plain.replace(/[<>&']/g, unicode),
    plain.replace(/\\"|[<>&'+]/g, (sign) => upper(sign.slice(-1))),
  ];
  return safe
    .flatMap((json) => [json, json.replace(/[^\0-\x7f]/g, unicode), json.replace(/[^\0-\x7f]/g, upper)])
    .flatMap((json) => [json, json.replaceAll("/", "\\/")]);
}

/**
 * Percent-encodings: JavaScript's, RFC 3986, with plain slashes, with form-encoded spaces, and in lower case.
 */
function urlForms(text: string): string[] {
  const url = encodeURIComponent(text);
  const strict = url.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return [url, strict]
    .flatMap((form) => [form, form.replaceAll("%2F", "/")])
    .flatMap((form) => [form, form.replaceAll("%20", "+")])
    .flatMap((form) => [form, form.replace(/%../g, (code) => code.toLowerCase())]);
}

function isAt(bytes: Buffer, at: number, value: Buffer): boolean {
  return (
    at + value.length <= bytes.length && bytes.compare(value, 0, value.length, at, at + value.length) === 0
  );
}

/** True when the bytes end within the value and match it so far. */
function isBeginning(bytes: Buffer, at: number, value: Buffer): boolean {
  const length = bytes.length - at;
  return length < value.length && bytes.compare(value, 0, length, at) === 0;
}
