import { expect, test } from "vitest";
import { historyText } from "@/components/connections/check-history";

const now = new Date("2026-03-01T12:00:00Z");
/** One check an hour, the last one now: p passed, f failed. */
const history = (ends: string) =>
  [...ends].map((end, index) => ({
    ok: end === "p",
    at: new Date(now.getTime() - (ends.length - 1 - index) * 3600_000),
  }));

test.each([
  ["p", "1 of 1 check passed"],
  ["pfp", "2 of the last 3 checks passed"],
  ["ppfff", "2 of the last 5 checks passed; failing for 2 hours"],
  ["ff", "0 of the last 2 checks passed; failing for 1 hour"],
])("%s reads “%s”", (ends, text) => expect(historyText(history(ends), now)).toBe(text));
