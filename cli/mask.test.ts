import { text } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask } from "@/cli/mask";

/** What comes out when the text goes in cut at these places. */
async function masked(values: string[], whole: string, cuts: number[] = []): Promise<string> {
  const stream = createMask(values);
  const read = text(stream);
  const bytes = Buffer.from(whole);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  places.forEach((place, index) => {
    if (index > 0) stream.write(bytes.subarray(places[index - 1], place));
  });
  stream.end();
  return read;
}

test("a value is masked wherever it stands, however it is cut, and the rest stays as it is", async () => {
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

test("each line of a value of several lines is masked, and a short one is left alone", async () => {
  expect(await masked(["-----BEGIN\nabcdef\n"], "x abcdef y")).toBe("x *** y");
  expect(await masked(["a"], "a cat")).toBe("a cat");
});

test("what cannot be the beginning of a value is not held back", async () => {
  const stream = createMask(["password"]);
  stream.write("Name: ");
  expect(String(stream.read())).toBe("Name: ");
  stream.write("a pass");
  expect(String(stream.read())).toBe("a ");
});
