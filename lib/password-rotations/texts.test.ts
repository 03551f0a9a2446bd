import { expect, test } from "vitest";
import type { RunSummary } from "@/lib/password-rotations/schema";
import { brokenText, overlapText, runText } from "@/lib/password-rotations/texts";

const run: RunSummary = {
  ...{ id: "r", state: "done", serverHas: "new", code: null, refusedBy: [], version: 3, user: "" },
  ...{ startedAt: new Date(), startedByName: "Ada", endedAt: new Date(), gapMs: 400 },
  isKey: false,
  signedInBy: null,
};

const cases: [Partial<RunSummary>, string][] = [
  [
    {},
    "The password is new, in version 3. For less than a second, pipelines that read it still got the former one.",
  ],
  [
    { gapMs: 2600, refusedBy: ["A", "B"] },
    "The password is new, in version 3. For 3 s, pipelines that read it still got the former one. Refused by A, B.",
  ],
  [{ user: "etl_b", gapMs: null }, "User etl_b has a new password, in version 3."],
  [{ user: "ETL", gapMs: null, isKey: true }, "User ETL has a new key, in version 3."],
  [{ state: "setting", isKey: true }, "The new key is being set at the server."],
  [
    { state: "failed", serverHas: "former", code: "not_permitted", isKey: true },
    "The server still has the former key. The user who signs in may not set this key.",
  ],
  [{ state: "setting", code: null }, "The new password is being set at the server."],
  [
    { state: "setting", code: "timed_out", serverHas: "unknown" },
    "It is not known yet which password the server has. The server did not answer in time. Selvage asks again.",
  ],
  [
    {
      state: "failed",
      serverHas: "former",
      code: "rejected_credentials",
      user: "etl_b",
      signedInBy: "admin",
    },
    "Nothing was changed: the server refused the sign-in of admin.",
  ],
  [
    { state: "failed", serverHas: "former", code: "rejected_credentials", user: "etl_b" },
    "Nothing was changed: the server refused the administrator’s sign-in.",
  ],
  [
    { state: "failed", serverHas: "former", code: "rejected_credentials" },
    "Nothing was changed: the server refused the sign-in with the present password.",
  ],
  [
    { state: "failed", code: "timed_out", serverHas: "unknown" },
    "It is not known which password the server has. The server did not answer in time. Try the new value and promote it, or enter the right one.",
  ],
  [
    { state: "failed", code: "timed_out", serverHas: "unknown", user: "etl_b" },
    "It is not known whether user etl_b has a new password. The server did not answer in time. The current value works as before, and the next run sets a new one.",
  ],
  [{ state: "set" }, "The new value is being checked."],
  [
    { state: "failed", serverHas: "former", code: "not_permitted" },
    "The server still has the former password. The user who signs in may not set this password.",
  ],
  [
    { state: "failed", user: "etl_b", refusedBy: ["A"] },
    "User etl_b has a new password that nobody uses. The current value works as before. Refused by A.",
  ],
  [
    { state: "failed", user: "etl_b", refusedBy: ["A"], code: "destination_not_allowed" },
    "User etl_b has a new password that nobody uses. The current value works as before. Refused by A. It may not be sent there: an Admin can edit the rotation to allow where the present value goes.",
  ],
  [
    { state: "failed" },
    "The server has the new password, but it did not become the current value. Enter a password at the server and here.",
  ],
];

test.each(cases)("a run says what happened, and which password the server has: %j", (change, text) => {
  expect(runText({ ...run, ...change })).toBe(text);
});

test("the overlap says who keeps what, and until when, to the next minute", () => {
  const until = new Date("2026-12-02T03:39:20Z");
  const text = (user: string | null, method: "pair" | "key_pair" = "pair") =>
    overlapText({ method, user, until });
  expect(text("orders_a")).toBe(
    "orders_a keeps its password until 2 Dec 2026, 03:40 UTC; no rotation before that.",
  );
  expect(text(null)).toMatch(/^The former user keeps its password until/);
  expect(text(null, "key_pair")).toMatch(/^The former key keeps working until/);
});

test("a rotation whose connection or administrator’s secret is gone says that it cannot run", () => {
  const whole = { method: "pair", connectionName: "Orders", administratorName: "admin" } as const;
  expect(brokenText(whole)).toBeNull();
  expect(brokenText({ ...whole, connectionName: null })).toMatch(/^Its connection was deleted/);
  expect(brokenText({ ...whole, administratorName: null })).toMatch(
    /^Its administrator’s secret was deleted/,
  );
});
