import { expect, test } from "vitest";
import { isSettling, progressText } from "@/components/fabric-keys/rotation-texts";

const running = { state: "running", done: 4_000, total: 10_000, unopened: 0, perSecond: 2_000 } as const;

test.each([
  [running, "4,000 of 10,000 values, 2,000 a second, about 3 seconds left"],
  [{ ...running, perSecond: 10 }, "4,000 of 10,000 values, 10 a second, about 10 minutes left"],
  [{ ...running, perSecond: 0.5 }, "4,000 of 10,000 values, 1 a second, about 4 hours left"],
  [{ ...running, done: 0, perSecond: null }, "0 of 10,000 values"],
  [{ ...running, state: "paused" } as const, "4,000 of 10,000 values"],
  [
    { ...running, state: "done", done: 0, total: 1, unopened: 1 } as const,
    "0 of 1 value, with 1 value that could not be opened",
  ],
])("%j is told as %s", (progress, text) => {
  expect(progressText(progress)).toBe(text);
});

test("a rotation settles when nothing is left to reseal", () => {
  expect(isSettling(running)).toBe(false);
  expect(isSettling({ ...running, done: 9_999, unopened: 1 })).toBe(true);
  expect(isSettling({ ...running, state: "done", done: 10_000 })).toBe(false);
});
