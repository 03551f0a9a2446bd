import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Requester } from "@/lib/internal-api/client";
import { Misconfigured, OutcomeUnknown } from "@/lib/result";
import { createTestKeys } from "@/testing/keys";
import { captureLog } from "@/testing/log";
import { type Listening, listen } from "@/testing/servers/listening";

let automate: Listening;
let answer: (
  respond: (status: number, body: object, headers?: Record<string, string>) => void,
  cut: () => void,
) => void;
let ask: () => Promise<unknown>;
const lines: string[] = [];

beforeAll(async () => {
  automate = await listen(
    createServer((_request, response) =>
      answer(
        (status, body, headers = {}) =>
          void response
            .writeHead(status, { "content-type": "application/json", ...headers })
            .end(JSON.stringify(body)),
        () => void response.socket?.destroy(),
      ),
    ),
  );
  const { web } = await createTestKeys();
  Object.assign(process.env, web, {
    AUTOMATE_URL: `http://127.0.0.1:${automate.port}`,
    WEB_DATABASE_URL: "postgres://nobody@127.0.0.1:9/none",
  });
  const { askAutomate } = await import("@/lib/internal-api/client");
  const requester: Requester = {
    actor: {
      kind: "user",
      id: "u",
      name: "Uri",
      email: "uri@test.example",
      accessEpoch: 0,
      authenticatedAt: new Date(),
    },
    fabricId: "f",
  };
  ask = () => askAutomate(requester, "token:revoke", { tokenId: "t" });
  captureLog(lines);
});

afterAll(() => {
  return automate.close();
});

describe("a write that web requests from automate", () => {
  const refusal = (code: string) => ({ error: { code, message: "" } });

  test("is certainly not done when automate says so", async () => {
    answer = (respond) => respond(503, refusal("database_unavailable"));
    expect(await ask()).toEqual({ ok: false, code: "automate_unavailable" });
  });

  test.each<[string, typeof answer]>([
    ["automate's own answer is lost", (_respond, cut) => cut()],
    ["automate does not know", (respond) => respond(503, refusal("outcome_unknown"))],
    ["a proxy answers in its place", (respond) => respond(504, {})],
  ])("has an unknown outcome when %s", async (_why, answering) => {
    answer = answering;
    await expect(ask()).rejects.toThrow(OutcomeUnknown);
  });

  test.each(["key_service_unavailable", "key_disabled", "key_denied", "key_missing"])(
    "is certainly not done when automate answers %s",
    async (code) => {
      answer = (respond) => respond(503, refusal(code));
      expect(await ask()).toEqual({ ok: false, code: "key_service_unavailable" });
    },
  );

  test("reports the clock difference when automate rejects the time", async () => {
    const date = new Date(Date.now() - 180_000).toUTCString();
    answer = (respond) => respond(401, refusal("wrong_time"), { date });
    await expect(ask()).rejects.toThrow(Misconfigured);
    expect(lines.join("")).toContain(
      "Automate's clock is 3 minutes behind web's. Synchronize both with NTP.",
    );
  });

  test("is certainly not done when web cannot reach automate", async () => {
    await automate.close();
    expect(await ask()).toEqual({ ok: false, code: "automate_unavailable" });
  });
});
