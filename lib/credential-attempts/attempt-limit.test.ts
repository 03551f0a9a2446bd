import { describe, expect, test } from "vitest";
import { mayAttempt, pausedUntil } from "@/lib/credential-attempts/schema";

const now = new Date("2026-03-01T12:00:00Z");
const ago = (...minutes: number[]) => minutes.map((m) => new Date(now.getTime() - m * 60_000));
const minutesLeft = (...minutes: number[]) => {
  const until = pausedUntil(ago(...minutes), now);
  return until === null ? null : (until.getTime() - now.getTime()) / 60_000;
};

describe("the limit of refused sign-ins", () => {
  test.each<[string, number[], number | null]>([
    ["none", [], null],
    ["one", [0], null],
    ["two at once", [0, 0], 15],
    ["two, a while apart", [1, 10], 5],
    ["two, a quarter of an hour apart", [1, 16], null],
    ["the second of which is old enough by now", [15, 20], null],
    ["four on one day", [20, 60, 120, 180], null],
    ["five on one day", [20, 60, 120, 180, 240], 24 * 60 - 240],
    ["five, the last two just now", [1, 2, 120, 180, 240], 24 * 60 - 240],
    ["five, of more than a day", [20, 60, 120, 180, 24 * 60], null],
  ])("after %s", (_what, refused, left) => expect(minutesLeft(...refused)).toBe(left));

  test("is reached sooner by a sign-in of two attempts", () => {
    expect(pausedUntil([], now, 2)).toBeNull();
    expect(pausedUntil(ago(1), now, 2)).toEqual(new Date(now.getTime() + 14 * 60_000));
    expect(pausedUntil(ago(20, 60, 120), now, 2)).toBeNull();
    expect(pausedUntil(ago(20, 60, 120, 180), now, 2)).toEqual(new Date(now.getTime() + 21 * 3600_000));
    expect([mayAttempt([], 0, now, 2), mayAttempt([], 1, now, 2)]).toEqual([true, false]);
  });

  test.each<[number[], number, boolean]>([
    [[], 0, true],
    [[], 1, true],
    [[], 2, false],
    [[5], 1, false],
    [[16], 1, true],
    [[20, 60, 120, 180], 0, true],
    [[20, 60, 120, 180], 1, false],
  ])("with refusals %j minutes ago and %i in flight has room: %s", (refused, underWay, room) =>
    expect(mayAttempt(ago(...refused), underWay, now)).toBe(room),
  );
});
