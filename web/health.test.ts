import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";
import { inListSlot } from "@/lib/limits/list-slots";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";
import { countWaiting } from "@/testing/waiting-queries";
import { openWire, type Wire } from "@/testing/wire";
import { createWebHealth, type WebHealth } from "@/web/health";

let owner: Db;
let wire: Wire;
let health: WebHealth;
let server: Server;
let url: string;
/** The answer of the app behind the health check. */
let serve: (path: string) => Promise<number> = async () => 200;

beforeAll(async () => {
  const urls = await createTestDatabase("web");
  wire = await openWire(urls.webUrl);
  Object.assign(process.env, (await createTestKeys()).web, { WEB_DATABASE_URL: wire.url });
  owner = createDb(urls.ownerUrl);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  health = createWebHealth(false);
  server = createServer(async (req, res) => {
    if (
      health.answer(req, res) ||
      (await health.refuse(req, res, req.url?.startsWith("/api/orchestration") ?? false))
    )
      return;
    await health.watch(req, res, async () => {
      res.statusCode = await serve(req.url ?? "");
      res.end("the app");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await closeDb();
  await wire.close();
  await owner.$disconnect();
  vi.restoreAllMocks();
});

const page = { headers: { accept: "text/html,application/xhtml+xml" } };
const get = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${url}${path}`, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const ready = async () => {
  const { status, text } = await get("/readyz");
  return [status, JSON.parse(text).status];
};
const becomes = (expected: unknown[]) =>
  vi.waitFor(async () => expect(await ready()).toEqual(expected), 8_000);

test("a copy without its database is alive but not ready, and says so to browsers, scripts and the API", async () => {
  expect((await get("/healthz")).status).toBe(200);
  expect(await ready()).toEqual([503, "starting"]);
  expect((await get("/metadata", page)).text).toContain("Selvage is starting");
  const api = await get("/api/orchestration/fabric");
  expect([api.status, JSON.parse(api.text).success]).toEqual([503, false]);
  health.serve();
  expect(await ready()).toEqual([200, "ready"]);
  expect((await get("/metadata", page)).text).toBe("the app");
});

test("a page during a database outage is a styled 503 that polls in the background and never reloads", async () => {
  const database = new URL(wire.url).pathname.slice(1);
  await owner.$executeRawUnsafe(`ALTER DATABASE ${database} CONNECTION LIMIT 0`);
  wire.reset();
  await becomes([503, "database_unavailable"]);
  const { status, headers, text } = await get("/metadata", page);
  expect([status, headers.get("retry-after")]).toEqual([503, "3"]);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(text).toContain("<h1>The database is not available</h1>");
  // A page that reloads every few seconds takes the focus from keyboard users (WCAG 2.2.1).
  expect([/http-equiv/.test(text), headers.get("refresh")]).toEqual([false, null]);
  expect(text).toContain('<a href="">Try again</a>');
  // The page can also follow a save; web cannot know whether it does.
  expect(text).not.toContain("Nothing was changed");
  const policy = headers.get("content-security-policy");
  for (const kind of ["style", "script"])
    expect(policy).toContain(
      `${kind}-src 'nonce-${new RegExp(`<${kind} nonce="([^"]+)">`).exec(text)?.[1]}'`,
    );
  expect(policy).toContain("connect-src 'self'");
  // Next's navigation requests; a chunk, which needs no database; a server action and the API, which answer for themselves.
  expect((await get("/metadata?_rsc=1", { headers: { rsc: "1" } })).status).toBe(503);
  expect((await get("/_next/static/chunks/a.js")).text).toBe("the app");
  expect((await get("/metadata", { ...page, method: "POST" })).text).toBe("the app");
  expect((await get("/api/orchestration/fabric")).text).toBe("the app");
  expect((await get("/healthz")).status).toBe(200);
  await owner.$executeRawUnsafe(`ALTER DATABASE ${database} CONNECTION LIMIT -1`);
  wire.reset();
  await becomes([200, "ready"]);
  expect((await get("/metadata", page)).status).toBe(200);
});

test("a briefly slow database changes readiness but no page; a database that stays slow changes pages, too", async () => {
  await becomes([200, "ready"]);
  wire.hold();
  const pages = new Set<string>();
  // The former answer holds for a second, and the next one takes two.
  await vi.waitFor(async () => {
    const [readiness, { text }] = await Promise.all([ready(), get("/metadata", page)]);
    pages.add(text);
    expect(readiness).toEqual([503, "database_slow"]);
  }, 4_000);
  expect([...pages]).toEqual(["the app"]);
  await becomes([503, "database_unavailable"]);
  expect((await get("/metadata", page)).status).toBe(503);
  wire.hold(false);
  await becomes([200, "ready"]);
});

test("a page that loses its database while rendering becomes the outage page; any other fault stays 500", async () => {
  await becomes([200, "ready"]);
  serve = async () => {
    const query = db.$queryRaw`SELECT pg_sleep(5)`.catch(() => undefined);
    await vi.waitFor(async () => expect(await countWaiting(owner, "pg_sleep(5)")).toBe(1), 4_000);
    wire.reset();
    await query;
    return 500;
  };
  const { status, headers, text } = await get("/metadata", page);
  expect([status, headers.get("retry-after"), headers.get("refresh")]).toEqual([503, "3", null]);
  expect(text).toContain("<h1>The database is not available</h1>");
  expect(text).not.toContain("the app");
  await becomes([200, "ready"]);
  const payload = await get("/metadata?_rsc=1", { headers: { rsc: "1" } });
  expect([payload.status, payload.text]).toEqual([503, "the app"]);
  await becomes([200, "ready"]);
  serve = async () => 500;
  const failed = await get("/metadata", page);
  expect([failed.status, failed.text]).toEqual([500, "the app"]);
  serve = async () => 200;
});

test("a page that waits too long for its list becomes the page of a busy server", async () => {
  const lists = Array.from({ length: 100 }, () => Promise.withResolvers<void>());
  const running = lists.map(({ promise }) => inListSlot("ada", () => promise));
  serve = async () => inListSlot("ada", async () => 200).catch(() => 500);
  const { status, headers, text } = await get("/metadata", page);
  expect([status, headers.get("retry-after")]).toEqual([503, "3"]);
  expect(text).toContain("Selvage is busy");
  for (const { resolve } of lists) resolve();
  await Promise.all(running);
  expect((await get("/metadata", page)).text).toBe("the app");
});

test("a page with its own fault stays 500 while another page loses its database", async () => {
  await becomes([200, "ready"]);
  const find = createRowLoader<string, { n: number }>(
    preparedQuery<{ n: number }>(
      "SELECT n::int FROM unnest($1::text[]) WITH ORDINALITY AS input(id, n), pg_sleep(6)",
    ),
  );
  const fault = Promise.withResolvers<void>();
  const bothLookUps = Promise.withResolvers<void>();
  const reads: Record<string, () => Promise<unknown>> = {
    "/faulty": () => fault.promise.then(() => Promise.reject(new Error("a fault"))),
    "/query": () => db.$queryRaw`SELECT pg_sleep(6)`,
    "/transaction": () => db.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(6)`),
    "/list": preparedQuery("SELECT pg_sleep(6)"),
    // Both start in one tick, so they share one query.
    "/look-up": () => bothLookUps.promise.then(() => find(["one"])),
    "/same-look-up": () => bothLookUps.promise.then(() => find(["two"])),
  };
  let started = 0;
  serve = async (path) => {
    started += 1;
    await reads[path]?.().catch(() => undefined);
    return 500;
  };
  const requests: Promise<[string, number]>[] = [];
  for (const path of Object.keys(reads)) requests.push(get(path, page).then(({ status }) => [path, status]));
  const becomeWaiting = (queries: number) =>
    vi.waitFor(async () => {
      expect(started).toBe(requests.length);
      expect(await countWaiting(owner, "pg_sleep(6)")).toBe(queries);
    }, 4_000);
  // The query, the transaction and the list.
  await becomeWaiting(3);
  bothLookUps.resolve();
  await becomeWaiting(4);
  wire.reset();
  await Promise.all(requests.slice(1));
  fault.resolve();
  expect(Object.fromEntries(await Promise.all(requests))).toEqual({
    ...Object.fromEntries(Object.keys(reads).map((path) => [path, 503])),
    "/faulty": 500,
  });
  serve = async () => 200;
});

test("a stopping copy first reports not ready, serves for a while, and then answers 503 to everyone", async () => {
  const left = health.leave(500);
  expect(await ready()).toEqual([503, "stopping"]);
  const served = await get("/metadata", page);
  expect([served.text, served.headers.get("connection")]).toEqual(["the app", "close"]);
  await left;
  const { status, text } = await get("/metadata", page);
  expect(status).toBe(503);
  expect(text).toContain("Selvage is restarting");
});
