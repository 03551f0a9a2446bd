import { Transform } from "node:stream";

const mask = Buffer.from("***");
/** Shorter values stand in too many words to be masked: "a" would eat every "a". */
const leastLength = 4;

/**
 * A stream in which each of the values, and each line of one that has several, is replaced by `***`, also where it comes in
 * pieces. Only what may be the beginning of a value is held back, so that prompts are not.
 */
export function createMask(values: readonly string[]): Transform {
  const wanted = [...new Set(values.flatMap((value) => [value, ...value.split(/\r?\n/)]))]
    .filter((value) => value.length >= leastLength)
    .map((value) => Buffer.from(value))
    .sort((a, b) => b.length - a.length);
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = replaceAll(Buffer.concat([held, chunk]), wanted);
      const keep = beginningAtEnd(bytes, wanted);
      held = bytes.subarray(bytes.length - keep);
      done(null, bytes.subarray(0, bytes.length - keep));
    },
    flush(done) {
      done(null, held);
    },
  });
}

function replaceAll(bytes: Buffer, wanted: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const found = wanted.find((value) => bytes.subarray(at, at + value.length).equals(value));
    if (!found) {
      at += 1;
      continue;
    }
    parts.push(bytes.subarray(from, at), mask);
    at += found.length;
    from = at;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}

/** How many bytes at the end may be the beginning of a value. */
function beginningAtEnd(bytes: Buffer, wanted: readonly Buffer[]): number {
  const longest = Math.min(bytes.length, (wanted[0]?.length ?? 1) - 1);
  for (let length = longest; length > 0; length -= 1) {
    const end = bytes.subarray(bytes.length - length);
    if (wanted.some((value) => value.length > length && value.subarray(0, length).equals(end))) return length;
  }
  return 0;
}
