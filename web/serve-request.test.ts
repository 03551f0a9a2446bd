import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { closeDb } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";
import { listen } from "@/testing/servers/listening";
import { createAdmission } from "@/web/admission";
import { createWebHealth } from "@/web/health";
import { createManagementApi } from "@/web/management-api/app";
import { createRequestListener } from "@/web/serve-request";

let close: () => Promise<void>;
let url: string;
/** The requests whose heads have arrived. */
let arrived = 0;
/** The Range header of each request that reached Next. */
const ranges: unknown[] = [];
const seen: { url: string; notAdmitted: unknown; body: string }[] = [];

beforeAll(async () => {
  const { web } = await createTestKeys();
  Object.assign(process.env, web);
  await createTestDatabase("web");
});
beforeEach(async () => {
  // Limits count by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30T10:00:48Z") });
  await start({ addressRate: 2 });
});
afterEach(async () => {
  vi.useRealTimers();
  await close();
});
afterAll(() => closeDb());

async function start({ addressRate }: { addressRate: number }) {
  [seen.length, ranges.length, arrived] = [0, 0, 0];
  const server: Server = createServer(() => {
    arrived += 1;
  });
  const { port, close: closeServer } = await listen(server);
  close = closeServer;
  url = `http://127.0.0.1:${port}`;
  const env = { ...webEnv(), PUBLIC_URL: url, WEB_ADDRESS_RATE_PER_MINUTE: addressRate, WEB_CONCURRENCY: 2 };
  const admission = createAdmission(env);
  const health = createWebHealth(false);
  health.serve();
  const api = createManagementApi(admission);
  await api.ready();
  const pages = async (req: IncomingMessage, res: ServerResponse) => {
    const notAdmitted = req.headers["x-selvage-not-admitted"];
    ranges.push(req.headers.range);
    seen.push({ url: req.url ?? "", notAdmitted, body: await text(req) });
    res.end("page");
  };
  const builtFiles = new Set(["/_next/static/[a].js"]);
  server.on(
    "request",
    createRequestListener({ env, isDev: false, health, admission, builtFiles, api, pages }),
  );
}

const visit = (headers: Record<string, string> = { accept: "text/html" }, path = "/sign-in") =>
  fetch(`${url}${path}`, { headers });

test("a visitor over the limit of their address gets a plain page with 429, and built files still", async () => {
  expect((await visit()).status).toBe(200);
  expect((await visit()).status).toBe(200);
  const startedAt = performance.now();
  const refused = await visit();
  // A client that does not wait as it is told sends one request a second.
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "12"]);
  const page = await refused.text();
  expect(page).toContain("Too many requests");
  expect(page).toContain("from this address in this minute. Try again in 12 seconds.");
  for (const path of ["/_next/static/[a].js", "/_next/static/%5Ba%5D.js?v=1"])
    expect((await visit({}, path)).status).toBe(200);
  // Next answers a missing one with a page.
  expect((await visit({}, "/_next/static/none.js")).status).toBe(429);
  const data = await visit({ accept: "*/*" }, "/api/app/anything");
  expect([data.status, await data.json()]).toEqual([
    429,
    { message: expect.stringContaining("Try again in 12 seconds.") },
  ]);
});

const act = (headers: Record<string, string> = {}) =>
  fetch(`${url}/sign-in`, {
    method: "POST",
    headers: { "next-action": "a1", "content-type": "text/plain;charset=UTF-8", origin: url, ...headers },
    body: '[{"password":"typed"}]',
  });

test("an action over the limit reaches its own code without arguments, and answers in its usual form", async () => {
  for (let i = 0; i < 3; i++) await act();
  expect(seen).toEqual([
    { url: "/sign-in", notAdmitted: undefined, body: '[{"password":"typed"}]' },
    { url: "/sign-in", notAdmitted: undefined, body: '[{"password":"typed"}]' },
    { url: "/sign-in", notAdmitted: "12", body: "[]" },
  ]);
});

test("calling itself an action is no way around the limit", async () => {
  const statuses = await Promise.all(Array.from({ length: 130 }, async () => (await act()).status));
  expect(statuses.filter((status) => status === 429)).toHaveLength(8);
  expect(seen).toHaveLength(122);
});

test.each([
  ["an action", "/sign-in", "Next-Action: a1\r\nContent-Type: text/plain;charset=UTF-8\r\n"],
  ["a sign-in", "/api/auth/callback/password", "Content-Type: application/x-www-form-urlencoded\r\n"],
])("%s whose body does not arrive holds up nobody at its address", async (_what, path, more) => {
  await close();
  await start({ addressRate: 10 });
  const { port, host } = new URL(url);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${url}\r\n${more}Content-Length: 9\r\n\r\n`;
  const slow = Array.from({ length: 4 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  for (const socket of slow) socket.write(`${head}["slo`);
  await vi.waitFor(() => expect(arrived).toBe(4));
  expect((await visit()).status).toBe(200);
  expect(seen).toEqual([{ url: "/sign-in", notAdmitted: undefined, body: "" }]);
  for (const socket of slow) socket.write('w" ]');
  await vi.waitFor(() => expect(seen).toHaveLength(5));
  expect(seen.at(-1)).toEqual({ url: path, notAdmitted: undefined, body: '["slow" ]' });
  for (const socket of slow) socket.destroy();
});

test("Next sees no range, because it answers a malformed one with 500", async () => {
  await visit({ range: "bytes=none" });
  expect(seen).toHaveLength(1);
  expect(ranges).toEqual([undefined]);
});

test("a client cannot claim that its action is not admitted", async () => {
  await visit({ "x-selvage-not-admitted": "1" });
  expect(seen).toEqual([{ url: "/sign-in", notAdmitted: undefined, body: "" }]);
});

test("an action that its page does not contain is refused wherever web runs, instead of forwarded where the address allows it", async () => {
  expect((await act({ "x-action-forwarded": "1" })).status).toBe(421);
  expect(seen).toEqual([]);
});
