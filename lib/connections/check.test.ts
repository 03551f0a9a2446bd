import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grant } from "@/lib/access/scope";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { existing } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { captureLog } from "@/testing/log";
import { type Listening, listen } from "@/testing/servers/listening";

let automate: Listening;
let answer: { status: number; body: object; date: Date };
let check: () => Promise<CheckResult>;
const lines: string[] = [];

beforeAll(async () => {
  automate = await listen(
    createServer((_request, response) =>
      response
        .writeHead(answer.status, { "content-type": "application/json", date: answer.date.toUTCString() })
        .end(JSON.stringify(answer.body)),
    ),
  );
  Object.assign(process.env, (await createTestKeys()).web, {
    AUTOMATE_URL: `http://127.0.0.1:${automate.port}`,
    WEB_DATABASE_URL: "postgres://nobody@127.0.0.1:9/none",
  });
  const { waitForCheck } = await import("@/lib/connections/check");
  const person = { id: "u", name: "Uri", email: "uri@test.example", accessEpoch: 0 };
  const actor = { kind: "user", ...person, authenticatedAt: new Date() } as const;
  const scope = grant(actor, "user", { id: "f", teamId: "t", ...existing }, "connection:check");
  const properties = {
    server: "db.example.com",
    port: "5432",
    database: "orders",
    username: "u",
    password: "s",
    tlsMode: "verify-full",
  };
  check = async () => {
    const input = { kind: "postgres", name: "Orders", properties, isConfirmed: false };
    const checked = await waitForCheck(scope, input, AbortSignal.timeout(10_000));
    if (!checked.ok) throw new Error(checked.code);
    return checked.value.result;
  };
  captureLog(lines);
});

afterAll(() => automate.close());

const refusal = (code: string) => ({ error: { code, message: "" } });

test("a check reports that the clocks of web and automate differ, and the log gives the difference", async () => {
  answer = { status: 401, body: refusal("wrong_time"), date: new Date(Date.now() - 180_000) };
  expect(await check()).toMatchObject({ ok: false, code: "selvage_misconfigured" });
  expect(lines.join("")).toContain("Automate's clock is 3 minutes behind web's. Synchronize both with NTP.");
});

test.each([
  [503, "database_unavailable", "database_unavailable"],
  [503, "stopping", "automate_unavailable"],
])("a check that automate answers with %i %s ends as %s", async (status, code, expected) => {
  answer = { status, body: refusal(code), date: new Date() };
  expect(await check()).toMatchObject({ ok: false, code: expected });
});

test("a check reports that web cannot reach automate", async () => {
  await automate.close();
  expect(await check()).toMatchObject({ ok: false, code: "automate_unavailable" });
});
