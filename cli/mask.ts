import { Transform } from "node:stream";

const mask = Buffer.from("***");
/** Shorter values stand in too many words to be masked: "a" would eat every "a". */
const leastLength = 4;

/** True when a value is long enough to be masked. */
export function isMaskable(value: string): boolean {
  return value.length >= leastLength;
}

/**
 * A stream in which each of the values, and each line of one that has several, is replaced by `***`, as it is and as programs
 * write it in JSON and URLs, also where it comes in pieces. Only what may be the beginning of a value is held back, so that prompts are not.
 */
export function createMask(values: readonly string[]): Transform {
  const wanted = wantedByFirstByte(values);
  let held: Buffer = Buffer.alloc(0);
  /** How many bytes of what is held belong to a value that `***` stands for already. */
  let covered = 0;
  const pass = (chunk: Buffer, isLast: boolean): Buffer => {
    const bytes = Buffer.concat([held, chunk]);
    const parts: Buffer[] = [];
    let plainFrom = covered;
    let at = 0;
    for (; at < bytes.length; at += 1) {
      const here = wanted.get(bytes[at] ?? 0);
      if (!here) continue;
      // A longer value may still be coming, also where a shorter one is complete.
      if (!isLast && here.some((value) => isBeginning(bytes, at, value))) break;
      const found = here.find((value) => isAt(bytes, at, value));
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
    transform: (chunk: Buffer, _encoding, done) => done(null, pass(chunk, false)),
    flush: (done) => done(null, pass(Buffer.alloc(0), true)),
  });
}

/** The longest first, by the byte that they begin with. */
function wantedByFirstByte(values: readonly string[]): Map<number, Buffer[]> {
  const forms = values
    .flatMap((value) => [value, ...value.split(/\r?\n/)])
    .filter(isMaskable)
    .flatMap(writtenForms);
  const wanted = new Map<number, Buffer[]>();
  for (const form of [...new Set(forms)]
    .map((text) => Buffer.from(text))
    .sort((a, b) => b.length - a.length)) {
    const first = form[0] ?? 0;
    wanted.set(first, [...(wanted.get(first) ?? []), form]);
  }
  return wanted;
}

function writtenForms(value: string): string[] {
  // What a variable holds is always well formed, and a URL must be.
  const text = Buffer.from(value).toString();
  return [text, ...jsonForms(text), ...urlForms(text)];
}

/** JSON in ASCII or not; safe for HTML as Go, Rails or PHP and .NET write it; with a slash escaped or not. */
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

/** Percent-encoding of JavaScript and of RFC 3986, with slashes kept, with spaces as a form has them, in small letters. */
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

/** True when the bytes end before the value does, and agree with it so far. */
function isBeginning(bytes: Buffer, at: number, value: Buffer): boolean {
  const length = bytes.length - at;
  return length < value.length && bytes.compare(value, 0, length, at) === 0;
}
