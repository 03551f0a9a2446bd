import { text } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask } from "@/cli/mask";

/** The masked output when the text arrives cut at these positions. */
async function masked(values: string[], whole: string, cuts: number[] = []): Promise<string> {
  const stream = createMask(values);
  const read = text(stream);
  const bytes = Buffer.from(whole);
  const positions = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  positions.forEach((position, index) => {
    if (index > 0) stream.write(bytes.subarray(positions[index - 1], position));
  });
  stream.end();
  return read;
}

test("masks a value at any position and across any cut, and leaves other text unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 4, maxLength: 12 }),
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      async (value, before, after, cuts) => {
        const out = await masked([value], `${before}${value}${after}`, cuts);
        const lines = value.split(/\r?\n/).filter((line) => line.length >= 4);
        for (const one of [value, ...lines]) expect(out.replaceAll("***", "")).not.toContain(one);
      },
    ),
    { numRuns: 200 },
  );
  expect(await masked(["s3cret"], "one s3cret, two s3cret", [6, 9])).toBe("one ***, two ***");
});

test("masks each line of a value of several lines, except short lines", async () => {
  expect(await masked(["-----BEGIN\nabcdef\n"], "x abcdef y")).toBe("x *** y");
  expect(await masked(["a"], "a cat")).toBe("a cat");
});

test("holds back no text that cannot begin a value", async () => {
  const stream = createMask(["password"]);
  stream.write("Name: ");
  expect(String(stream.read())).toBe("Name: ");
  stream.write("a pass");
  expect(String(stream.read())).toBe("a ");
});

test("masks the same in pieces as in one text, even for values that contain or overlap one another", async () => {
  const piece = fc
    .tuple(fc.nat(4), fc.integer({ min: 4, max: 8 }))
    .map(([from, length]) => "abcdabceabcd".slice(from, from + length));
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { minLength: 2, maxLength: 5 }),
      fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join("")),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (values, whole, cuts) => {
        expect(await masked(values, whole, cuts)).toBe(await masked(values, whole));
      },
    ),
    { numRuns: 300 },
  );
});

test("masks the remainder of a value that begins with another, and the overlap of two", async () => {
  expect(await masked(["s3cret", "s3cret-tail"], "x s3cret-tail y", [8])).toBe("x *** y");
  expect(await masked(["s3cret", "s3cret-tail"], "x s3cret", [4])).toBe("x ***");
  expect(await masked(["s3cret", "s3cret-tail"], "x s3cret-tall", [8])).toBe("x ***-tall");
  expect(await masked(["abcdef", "efghij"], "abcdefghij")).toBe("***");
});

test("masks a value as JSON and URLs encode it", async () => {
  const value = 'p"a\\ß&word';
  expect(await masked([value], JSON.stringify({ value }))).toBe('{"value":"***"}');
  expect(await masked([value], '{"value":"p\\"a\\\\\\u00df&word"}')).toBe('{"value":"***"}');
  expect(await masked([value], `?v=${encodeURIComponent(value)}`)).toBe("?v=***");
});

test("masks a value in every usual encoding of JSON and URLs", async () => {
  const value = `a<b&c>'d"e/f+g h!`;
  const json = JSON.stringify(value);
  // Go and many web frameworks keep JSON safe for HTML; PHP escapes a slash.
  const safe = json.replace(/[<>&']/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  for (const written of [
    json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    safe,
    json.replaceAll("/", "\\/"),
  ])
    expect(await masked([value], written)).toBe('"***"');
  const url = encodeURIComponent(value);
  const strict = url.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = strict.replace(/%../g, (code) => code.toLowerCase());
  for (const written of [strict, lower, strict.replaceAll("%2F", "/"), strict.replaceAll("%20", "+")])
    expect(await masked([value], `?v=${written}&w`)).toBe("?v=***&w");
});
