import { expect, test } from "vitest";
import { whenText } from "@/lib/expiry/schema";

test.each([
  ["2026-12-01T23:59:59Z", "today"],
  ["2026-12-02T12:20:00Z", "tomorrow"],
  ["2026-12-02T23:59:59Z", "tomorrow"],
  ["2026-12-03T01:00:00Z", "in 2 days"],
  ["2026-12-06T12:30:00Z", "in 5 days"],
])("on 1 December at half past twelve, what expires at %s does so %s", (at, when) => {
  expect(whenText(new Date(at), new Date("2026-12-01T12:30:00Z"))).toBe(when);
});
