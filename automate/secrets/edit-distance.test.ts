import fc from "fast-check";
import { expect, test } from "vitest";
import { isWithinTwoEdits } from "@/automate/secrets/edit-distance";

test.each<[string, string, boolean]>([
  ["", "", true],
  ["warehouse", "warehouse", true],
  ["warehous", "warehouse", true],
  ["wharehouse", "warehouse", true],
  ["warehosue", "warehouse", true],
  ["warehause", "warehouse", true],
  ["awrehosue", "warehouse", true],
  ["waroeuse", "warehouse", true],
  ["warehouse_1", "warehouse", true],
  ["", "ab", true],
  ["ab", "cd", true],
  ["Grün", "Gru", true],
  ["a😀b", "ab", true],
  ["warehouse_12", "warehouse", false],
  ["abc", "def", false],
  ["awrehosuew", "warehouse", false],
  ["a", "abcd", false],
])("%j and %j: %s", (a, b, expected) => {
  expect(isWithinTwoEdits(a, b)).toBe(expected);
  expect(isWithinTwoEdits(b, a)).toBe(expected);
});

/** All texts that are one edit away. */
function edited(text: string, letters: string): string[] {
  const places = Array.from({ length: text.length + 1 }, (_, i) => i);
  return places.flatMap((i) => {
    const [head, tail] = [text.slice(0, i), text.slice(i)];
    const added = [...letters].map((letter) => head + letter + tail);
    if (tail === "") return added;
    const changed = [...letters].map((letter) => head + letter + tail.slice(1));
    const exchanged = tail.length > 1 ? [`${head}${tail[1]}${tail[0]}${tail.slice(2)}`] : [];
    return [...added, ...changed, head + tail.slice(1), ...exchanged];
  });
}

test("exactly the texts that two edits can make are within two edits", () => {
  const letters = "abc";
  const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 6 });
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 20, maxLength: 20 }), (from, others) => {
      const once = new Set([from, ...edited(from, letters)]);
      const reached = new Set([...once].flatMap((one) => [one, ...edited(one, letters)]));
      for (const to of reached) expect(isWithinTwoEdits(from, to), `${from} → ${to}`).toBe(true);
      for (const to of others) expect(isWithinTwoEdits(from, to), `${from} → ${to}`).toBe(reached.has(to));
    }),
    { numRuns: 60 },
  );
});
