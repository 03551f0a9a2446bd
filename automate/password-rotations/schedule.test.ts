import { expect, test } from "vitest";
import { isInWindow, nextDue } from "@/automate/password-rotations/schedule";

const now = new Date("2026-12-01T10:30:00Z");
const none = { everyDays: null, windowStart: null, windowMinutes: null };
const monthly = { everyDays: 30, windowStart: null, windowMinutes: null };
const nightly = { everyDays: 30, windowStart: 22 * 60, windowMinutes: 180 };
const due = (...of: Parameters<typeof nextDue>) => nextDue(...of)?.toISOString();

test("a rotation is due after its days, at the start of its window, and never without a schedule", () => {
  expect(nextDue(none, 0, now)).toBeNull();
  expect(due(monthly, 0, now)).toBe("2026-12-31T10:30:00.000Z");
  expect(due(nightly, 0, now)).toBe("2026-12-31T22:00:00.000Z");
});

test("after failures it is due in one hour, two, four, at most a day", () => {
  expect([1, 2, 3, 5, 6, 20].map((failures) => due(monthly, failures, now))).toEqual([
    "2026-12-01T11:30:00.000Z",
    "2026-12-01T12:30:00.000Z",
    "2026-12-01T14:30:00.000Z",
    "2026-12-02T02:30:00.000Z",
    "2026-12-02T10:30:00.000Z",
    "2026-12-02T10:30:00.000Z",
  ]);
});

test.each([
  ["21:59", false],
  ["22:00", true],
  ["23:59", true],
  ["00:59", true],
  ["01:00", false],
])("a window from 22:00 for three hours is at %s open: %s", (time, isOpen) => {
  expect(isInWindow(nightly, new Date(`2026-12-01T${time}:00Z`))).toBe(isOpen);
  expect(isInWindow(monthly, new Date(`2026-12-01T${time}:00Z`))).toBe(true);
});
