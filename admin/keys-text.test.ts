import { expect, test } from "vitest";
import { statusText } from "@/admin/keys-text";

const rotation = {
  kind: "fabric",
  fabric: { id: "f", name: "Sales", team: "Analytics" },
  target: "k",
  state: "running",
  done: 4_000,
  total: 10_000,
  unopened: 1,
  startedByName: "Ada",
  startedAt: "2026-11-30T10:00:00.000Z",
  endedAt: null,
  runningMs: 2_000,
  lastError: "",
};

const noBackups = { backupTakenAt: null, drill: null, drillPassedAt: null };

test("keys status tells what each master key wraps, and how far each rotation is", () => {
  const text = statusText({
    masterKeys: [
      {
        fingerprint: "AAAA",
        label: "main",
        provider: "local",
        isPrimary: true,
        state: "enabled",
        fabricKeys: 1,
      },
      { fingerprint: "BBBB", label: "", provider: "", isPrimary: false, state: "missing", fabricKeys: 2 },
    ],
    rotations: [
      rotation,
      { ...rotation, kind: "master", fabric: null, state: "paused", unopened: 0, lastError: "No answer." },
      { ...rotation, state: "done", done: 9_999, endedAt: "2026-11-30T10:01:00.000Z" },
      { ...rotation, done: 10_000, unopened: 0 },
    ],
    ...noBackups,
  });
  expect(text.split("\n")).toEqual([
    "Master keys:",
    "  AAAA  “main” (local), primary: enabled, wraps 1 fabric key",
    "  BBBB  not in the keyring: missing, wraps 2 fabric keys",
    "Rotations:",
    "  “Sales” of team Analytics: running, 4000 of 10000 values, with 1 value that could not be opened, 2000 a second, about 3 s left, started by Ada at 2026-11-30T10:00:00.000Z",
    "  Master key k: paused, 4000 of 10000 fabric keys, started by Ada at 2026-11-30T10:00:00.000Z, last error: No answer.",
    "  “Sales” of team Analytics: done, 9999 of 10000 values, with 1 value that could not be opened, started by Ada at 2026-11-30T10:00:00.000Z, ended at 2026-11-30T10:01:00.000Z",
    "  “Sales” of team Analytics: running, 10000 of 10000 values, the former key is destroyed when nothing has been under it for a minute, started by Ada at 2026-11-30T10:00:00.000Z",
    "No backup yet.",
    "No drill yet.",
  ]);
});

test.each<[boolean, string]>([
  [true, "passed"],
  [false, "did not pass (the last that did: 2026-11-01T03:00:00.000Z)"],
])("keys status tells of the last backup and drill (passed: %s)", (passed, words) => {
  const drill = { endedAt: "2026-11-29T03:00:00.000Z", passed, opened: 9, unopened: passed ? 0 : 1 };
  const backupTakenAt = "2026-11-30T02:00:00.000Z";
  const last = { backupTakenAt, drill, drillPassedAt: "2026-11-01T03:00:00.000Z" };
  expect(
    statusText({ masterKeys: [], rotations: [], ...last })
      .split("\n")
      .slice(-2),
  ).toEqual([
    "Last backup: 2026-11-30T02:00:00.000Z",
    `Last drill: 2026-11-29T03:00:00.000Z, ${words}, 9 of ${passed ? 9 : 10} values opened`,
  ]);
});
