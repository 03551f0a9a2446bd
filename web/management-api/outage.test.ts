import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { newAccessToken } from "@/lib/access-tokens/token";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { captureLog } from "@/testing/log";
import { openWire, type Wire } from "@/testing/wire";
import { createManagementApi } from "@/web/management-api/app";

let owner: Db;
let token: string;
let fabric: TestFabric;
let wire: Wire;
let api: ReturnType<typeof createManagementApi>;

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web", { ownRoles: true });
  // Nothing listens here.
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: "http://127.0.0.1:2" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  const accessToken = newAccessToken();
  token = accessToken.token;
  await owner.accessToken.create({
    data: { userId: fabric.admin.id, name: "scripts", tokenHash: accessToken.tokenHash },
  });
  wire = await openWire(urls.webUrl);
  process.env.WEB_DATABASE_URL = wire.url;
  api = createManagementApi();
});

afterAll(async () => {
  await closeDb();
  await wire.close();
  await owner.$disconnect();
});

const lines: string[] = [];
captureLog(lines);

const listFabrics = () =>
  api.inject({ method: "GET", url: "/api/orchestration/fabric", headers: { "x-auth-token": token } });

test("a Postgres connection reset during a request is reported as a server error, and the next request works", async () => {
  expect((await listFabrics()).statusCode).toBe(200);
  const answer = await owner.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE access_token IN ACCESS EXCLUSIVE MODE`;
    const pending = listFabrics();
    await untilQueryWaits();
    wire.reset();
    return pending;
  });
  expect(answer.statusCode).toBe(503);
  expect(answer.headers["retry-after"]).toBe("2");
  expect(answer.json()).toEqual({
    success: false,
    message: "List fabrics failed due to : The database is not available. Nothing was changed: try again.",
  });
  expect(lines).toContainEqual(
    expect.stringMatching(/^\{.*"message":"management API".*"name":".*"code":"E\w+".*\}\n$/),
  );
  expect((await listFabrics()).statusCode).toBe(200);
});

describe("a write whose commit gets no answer", () => {
  const path = () => `/api/orchestration/fabric/${fabric.fabricId}/secret`;
  const body = (name: string, value = "one") => ({
    kind: "prophecy",
    subKind: "text",
    properties: { name, value },
  });
  const send = (method: "POST" | "PUT" | "DELETE", url: string, payload?: object, key?: string) =>
    api.inject({
      method,
      url,
      headers: { "x-auth-token": token, ...(key ? { "idempotency-key": key } : {}) },
      ...(payload ? { payload } : {}),
    });
  const unknown = expect.stringContaining("It is not known whether it was saved");

  test("has an unknown outcome as a single statement", async () => {
    const cut = wire.cutAfter("cut-one-statement");
    const [answer] = await Promise.all([send("POST", path(), body("cut-one-statement")), cut]);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["retry-after"]).toBe("2");
    expect(answer.json()).toEqual({ success: false, message: unknown });
    expect(await owner.secret.count({ where: { name: "cut-one-statement" } })).toBe(1);
  });

  test("has an unknown outcome as a transaction; a repeat with the same key writes it once", async () => {
    const cut = wire.cutAfter("COMMIT");
    const [answer] = await Promise.all([send("POST", path(), body("cut-commit"), "key-1"), cut]);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ success: false, message: unknown });
    const again = await send("POST", path(), body("cut-commit"), "key-1");
    expect(again.statusCode).toBe(200);
    const [{ id } = { id: "" }] = await owner.secret.findMany({ where: { name: "cut-commit" } });
    expect(again.json()).toEqual({ success: true, data: { id } });
  });

  test("of a new value with a key, and with a tag that it outdated itself, is written once", async () => {
    const { id } = (await send("POST", path(), body("cut-replace"))).json().data;
    const url = `${path()}/id/${id}`;
    const tag = (await api.inject({ url, headers: { "x-auth-token": token } })).headers.etag;
    const replace = () =>
      api.inject({
        method: "PUT",
        url,
        headers: { "x-auth-token": token, "if-match": String(tag), "idempotency-key": "key-2" },
        payload: body("cut-replace", "two"),
      });
    const cut = wire.cutAfter("COMMIT");
    const [answer] = await Promise.all([replace(), cut]);
    expect(answer.statusCode).toBe(503);
    const again = await replace();
    expect(again.json()).toEqual({ success: true, data: { id } });
    expect(again.headers.etag).not.toBe(tag);
    expect(await owner.secretVersion.count({ where: { secretId: id } })).toBe(2);
  });

  test("of a deletion has an unknown outcome, and a repeat answers not found", async () => {
    const { id } = (await send("POST", path(), body("cut-delete"))).json().data;
    const cut = wire.cutAfter("COMMIT");
    const [answer] = await Promise.all([send("DELETE", `${path()}/id/${id}`), cut]);
    expect(answer.json()).toEqual({ success: false, message: unknown });
    expect((await send("DELETE", `${path()}/id/${id}`)).statusCode).toBe(404);
  });

  test("a connection that breaks before the commit has certainly saved nothing", async () => {
    const cut = wire.cutAfter('INSERT INTO "public"."idempotent_create"');
    const [answer] = await Promise.all([send("POST", path(), body("cut-before"), "key-3"), cut]);
    expect(answer.statusCode).toBe(503);
    expect(answer.json().message).toContain("Nothing was changed");
    expect(await owner.secret.count({ where: { name: "cut-before" } })).toBe(0);
  });
});

describe("a fault that an operator must fix", () => {
  const database = () => new URL(wire.url).pathname.slice(1);
  const login = () => new URL(wire.url).username;
  const group = () => login().replace(/_login$/, "");

  test.each([
    [
      "a right that was taken away",
      () => `REVOKE INSERT ON secret FROM ${group()}`,
      () => `GRANT INSERT ON secret TO ${group()}`,
    ],
    [
      "a database that is only read, as after a demotion",
      () => `ALTER ROLE ${login()} SET default_transaction_read_only = on`,
      () => `ALTER ROLE ${login()} RESET default_transaction_read_only`,
    ],
    [
      "no connection left",
      () => `ALTER DATABASE ${database()} CONNECTION LIMIT 0`,
      () => `ALTER DATABASE ${database()} CONNECTION LIMIT -1`,
    ],
    ["a login that was locked", () => `ALTER ROLE ${login()} NOLOGIN`, () => `ALTER ROLE ${login()} LOGIN`],
  ])("%s is an outage, and ends automatically", async (name, spoil, mend) => {
    const create = (secret: string) =>
      api.inject({
        method: "POST",
        url: `/api/orchestration/fabric/${fabric.fabricId}/secret`,
        headers: { "x-auth-token": token },
        payload: { kind: "prophecy", subKind: "text", properties: { name: secret, value: "one" } },
      });
    await owner.$executeRawUnsafe(spoil());
    wire.reset();
    const refused = await create(`refused_${name.replace(/\W+/g, "_")}`);
    await owner.$executeRawUnsafe(mend());
    wire.reset();
    expect(refused.statusCode).toBe(503);
    expect(refused.headers["retry-after"]).toBe("2");
    expect(refused.json().message).toBe(
      "Create Secret failed due to : The database is not available. Nothing was changed: try again.",
    );
    expect((await create(`taken_${name.replace(/\W+/g, "_")}`)).statusCode).toBe(200);
  });
});

test("a list of a locked table times out, and no query continues in Postgres", {
  timeout: 90_000,
}, async () => {
  const began = performance.now();
  await owner.$transaction(
    async (tx) => {
      await tx.$executeRaw`LOCK TABLE fabric, audit_event IN ACCESS EXCLUSIVE MODE`;
      const answers = await Promise.all([
        listFabrics(),
        api.inject({
          url: `/api/orchestration/fabric/${fabric.fabricId}`,
          headers: { "x-auth-token": token },
        }),
        api.inject({
          method: "PUT",
          url: `/api/orchestration/fabric/${fabric.fabricId}`,
          headers: { "x-auth-token": token },
          payload: { description: "new" },
        }),
      ]);
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503]);
      expect(performance.now() - began).toBeLessThan(20_000);
      // The same limit ends the audit writes that run alongside the requests, a moment later.
      await expect
        .poll(
          () => tx.$queryRaw`SELECT query FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
          { timeout: 18_000 },
        )
        .toEqual([]);
    },
    { timeout: 60_000 },
  );
});

test("web stores a new value even if automate cannot learn its destinations, and the answer says so", async () => {
  const ask = async (method: "POST" | "PUT", url: string, payload: object) =>
    (await api.inject({ method, url, headers: { "x-auth-token": token }, payload })).json().data;
  const { fabricId, admin } = fabric;
  const path = `/api/orchestration/fabric/${fabricId}/secret`;
  const secret = { kind: "prophecy", subKind: "text", properties: { name: "kept", value: "one" } };
  const { id } = await ask("POST", path, secret);
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.allowedDestination.create({
    data: { fabricId, secretId: id, version: 1, destination: "https://a.example:443", ...by },
  });
  const replaced = await ask("PUT", `${path}/id/${id}`, { ...secret, keepDestinations: true });
  expect(replaced).toEqual({ id, destinationsKept: false });
  expect(await owner.secretVersion.count({ where: { secretId: id } })).toBe(2);
});

async function untilQueryWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const waiting = await owner.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (waiting.length === 0) throw new Error("No query waits for a lock.");
  }, 5_000);
}
