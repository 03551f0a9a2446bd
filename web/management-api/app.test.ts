import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorize } from "@/lib/access/authorize";
import { allows } from "@/lib/access/policy";
import { createAccessToken, revokeAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor, listAccessTokens } from "@/lib/access-tokens/queries";
import { isAccessToken, newAccessToken } from "@/lib/access-tokens/token";
import type { Db } from "@/lib/db/client";
import { NotFresh } from "@/lib/result";
import { findLeaks } from "@/testing/canary";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { listen } from "@/testing/servers/listening";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { accessTokenOf, startWebWithAutomate } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";
import { openApiDocument, statusesOf } from "@/web/management-api/openapi";
import { operations } from "@/web/management-api/registry";

const canary = `canary${randomBytes(12).toString("hex")}`;
let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let token: string;
let api: ReturnType<typeof createManagementApi>;

beforeAll(async () => {
  web = await startWebWithAutomate();
  owner = web.owner;
  api = createManagementApi();
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  token = await accessTokenOf(fabric.admin);
});

afterAll(() => web.stop());

type Answer = {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
  data: Record<string, unknown>;
};
type Options = { as?: string; body?: unknown; raw?: string | Buffer; headers?: Record<string, string> };

/** Calls the API as a script does. Checks that no answer contains a value, and that each success matches the description. */
async function call(
  method: string,
  path: string,
  { as = token, body, raw, headers }: Options = {},
): Promise<Answer> {
  const { pathname } = new URL(path, "http://127.0.0.1:3000");
  const found = operations.find(
    (one) =>
      one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, "([^/]+)")}$`).test(pathname),
  );
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await api.inject({
    method: method as "GET",
    url: path,
    headers: {
      "x-auth-token": as,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  const text = response.payload;
  expect(findLeaks(`${method} ${path}`, text, canary)).toEqual([]);
  // Other formats of files have tests of their own.
  const isJson = /^application\/json\b/.test(String(response.headers["content-type"]));
  const json = isJson ? JSON.parse(text) : {};
  // A file comes without the envelope.
  const data = found?.files ? json : json.data;
  if (response.statusCode === 200 && found) {
    if (isJson) expect(found.data.parse(data)).toEqual(data);
  } else if (found) expect(statusesOf(found)).toContain(response.statusCode);
  const answered = Object.entries(response.headers).map(
    ([name, value]) => [name, String(value)] as [string, string],
  );
  return { status: response.statusCode, headers: new Headers(answered), json, data: json.data ?? {} };
}

const secretsPath = (where = fabric) => `/api/orchestration/fabric/${where.fabricId}/secret`;
const connectionsPath = (where = fabric) => `/api/orchestration/fabric/${where.fabricId}/connection`;
const unique = (label: string) => `${label}_${randomBytes(4).toString("hex")}`;
const text = (name: string, value = canary) => ({
  kind: "prophecy",
  subKind: "text",
  properties: { name, value },
});
const reference = (id: unknown, name: string) => ({
  kind: "prophecy",
  subKind: "text",
  type: "secret",
  properties: { id, name },
});

describe("secrets", () => {
  test.each([
    ["text", canary],
    ["binary", Buffer.from(canary).toString("base64")],
    ["username_password", { username: `user ${canary}`, password: canary }],
    [
      "m2m_oauth",
      {
        clientId: canary,
        clientSecret: canary,
        authUrl: "https://idp.example.com/oauth2/token",
        scope: "read write",
      },
    ],
  ])(
    "of the type %s are created by the documented body and returned without a value",
    async (subKind, value) => {
      const name = unique("secret");
      const created = await call("POST", secretsPath(), {
        body: { kind: "prophecy", subKind, properties: { name, value } },
      });
      expect(created.json).toEqual({ success: true, data: { id: expect.any(String) } });
      const { id } = created.data;
      const expected = { kind: "prophecy", subKind, properties: { id, name }, type: "secret" };
      expect((await call("GET", `${secretsPath()}/id/${id}`)).data).toMatchObject(expected);
      const { data } = await call("GET", secretsPath());
      expect(data.secrets).toContainEqual(expect.objectContaining(expected));
      const fields = await owner.secretField.findMany({ where: { secretId: String(id) } });
      expect(fields.length).toBe(typeof value === "string" ? 1 : Object.keys(value).length);
      expect((await call("DELETE", `${secretsPath()}/id/${id}`)).json).toEqual({
        success: true,
        data: { id },
      });
      expect((await call("GET", `${secretsPath()}/id/${id}`)).status).toBe(404);
    },
  );

  test("keep their value and description when an update omits them, and accept a new name", async () => {
    const [name, renamed] = [unique("kept"), unique("renamed")];
    const { data } = await call("POST", secretsPath(), {
      body: { ...text(name), description: "What it is for" },
    });
    const path = `${secretsPath()}/id/${data.id}`;
    const body = { kind: "prophecy", subKind: "text", properties: { name: renamed } };
    expect((await call("PUT", path, { body })).json).toEqual({ success: true, data: { id: data.id } });
    expect((await call("GET", path)).data).toMatchObject({
      properties: { name: renamed },
      description: "What it is for",
      version: 1,
    });
    await call("PUT", path, { body: text(renamed, "another value") });
    expect((await call("GET", path)).data).toMatchObject({ version: 2, description: "What it is for" });
    const wrong = await call("PUT", path, { body: { ...body, subKind: "binary" } });
    expect(wrong).toMatchObject({ status: 400, json: { fieldErrors: { subKind: expect.any(String) } } });
  });

  test("of several fields keep the fields that an update omits", async () => {
    const name = unique("login");
    const login = { kind: "prophecy", subKind: "username_password" };
    const { data } = await call("POST", secretsPath(), {
      body: { ...login, properties: { name, value: { username: "u", password: canary } } },
    });
    await call("PUT", `${secretsPath()}/id/${data.id}`, {
      body: { ...login, properties: { value: { password: "new" } } },
    });
    const versions = await owner.secretVersion.findMany({
      where: { secretId: String(data.id) },
      orderBy: { version: "asc" },
    });
    expect(versions.map(({ manifest }) => manifest)).toEqual([
      { username: 1, password: 1 },
      { username: 1, password: 2 },
    ]);
  });

  test("report on request whether a new value may go to the destinations of the previous one", async () => {
    const name = unique("kept");
    const { data } = await call("POST", secretsPath(), { body: text(name) });
    const path = `${secretsPath()}/id/${data.id}`;
    const where = { secretId: String(data.id), fabricId: fabric.fabricId };
    const by = { createdById: fabric.admin.id, createdByName: "x" };
    await owner.allowedDestination.create({
      data: { ...where, version: 1, destination: "https://a.example:443", ...by },
    });
    const replace = async (keepDestinations: boolean) =>
      (await call("PUT", path, { body: { ...text(name, `${canary}2`), keepDestinations } })).data;
    expect(await replace(true)).toEqual({ id: data.id, destinationsKept: true });
    expect(await owner.allowedDestination.count({ where: { ...where, version: 2 } })).toBe(1);
    expect(await replace(false)).toEqual({ id: data.id });
  });

  test("are changed only in the version that the caller read, when the caller requires it", async () => {
    const name = unique("tagged");
    const { data } = await call("POST", secretsPath(), { body: text(name) });
    const path = `${secretsPath()}/id/${data.id}`;
    const tag = (await call("GET", path)).headers.get("etag") ?? "";
    const change = (value: string, ifMatch: string) =>
      call("PUT", path, { body: text(name, value), headers: { "if-match": ifMatch } });
    expect((await change("two", tag)).status).toBe(200);
    expect(await change("three", tag)).toMatchObject({ status: 412, json: { success: false } });
    expect((await call("GET", path)).data.version).toBe(2);
    expect((await change("three", "*")).status).toBe(200);
    const now = (await change("four", `"other", ${(await call("GET", path)).headers.get("etag")}`)).headers;
    const remove = (ifMatch: string) => call("DELETE", path, { headers: { "if-match": ifMatch } });
    expect((await remove(tag)).status).toBe(412);
    expect((await remove(now.get("etag") ?? "")).status).toBe(200);
  });

  test("are listed page by page, and searched, on request", async () => {
    const label = unique("page");
    for (const n of [1, 2, 3]) await call("POST", secretsPath(), { body: text(`${label}_${n}`) });
    const first = await call("GET", `${secretsPath()}?search=${label}&limit=2`);
    const names = (answer: Answer) =>
      (answer.data.secrets as { properties: { name: string } }[]).map(({ properties }) => properties.name);
    expect(names(first)).toEqual([`${label}_1`, `${label}_2`]);
    const second = await call("GET", `${secretsPath()}?search=${label}&limit=2&after=${first.data.next}`);
    expect(names(second)).toEqual([`${label}_3`]);
    expect(second.data.next).toBeNull();
    for (const limit of ["0", "0x2", "1e1", "501"])
      expect((await call("GET", `${secretsPath()}?limit=${limit}`)).status).toBe(400);
  });

  test.each(["name", "type", "created", "updated"])(
    "by %s, have pages that end where the next one begins, for names of any length",
    async (sort) => {
      const tenant = await createTestFabric(owner, unique("long names"));
      const as = await accessTokenOf(tenant.admin);
      const names = ["a", "b", "c"].map((letter) => letter.repeat(128));
      for (const name of names) await call("POST", secretsPath(tenant), { as, body: text(name) });
      const page = (after: unknown) =>
        call("GET", `${secretsPath(tenant)}?limit=1&sort=${sort}${after ? `&after=${after}` : ""}`, { as });
      const seen: unknown[] = [];
      for (let after: unknown = ""; after !== null; ) {
        const { data } = await page(after);
        seen.push(...(data.secrets as { properties: { name: string } }[]).map((one) => one.properties.name));
        after = data.next;
      }
      expect(seen).toEqual(names);
      for (const cursor of ["zzz", Buffer.from(`["other","a","b"]`).toString("base64url")])
        expect(await page(cursor)).toMatchObject({
          status: 400,
          json: { fieldErrors: { after: expect.any(String) } },
        });
    },
  );
});

describe("an invalid request", () => {
  const fails = async (answer: Promise<Answer>) => {
    const { status, json } = await answer;
    expect(json).toMatchObject({ success: false, message: expect.stringMatching(/ due to : ./) });
    return [status, json.fieldErrors ? Object.keys(json.fieldErrors).sort() : null];
  };
  const named = (properties: object) => ({ kind: "prophecy", subKind: "text", properties });

  test("gets an error that names each invalid field and repeats no input", async () => {
    const post = (options: Options) => fails(call("POST", secretsPath(), options));
    expect(await post({ body: { ...text("x"), kind: "propcy" } })).toEqual([400, ["kind"]]);
    expect(await post({ body: { ...text("x"), subKind: canary } })).toEqual([400, ["subKind"]]);
    const wrong = { kind: 5, subKind: 7, properties: "x" };
    expect(await post({ body: wrong })).toEqual([400, ["kind", "properties", "subKind"]]);
    expect(await post({ body: named({ name: canary.repeat(9), value: "x" }) })).toEqual([
      400,
      ["properties.name"],
    ]);
    expect(await post({ body: named({ name: "x", value: { canary } }) })).toEqual([
      400,
      ["properties.value"],
    ]);
    expect(await post({ body: named({ value: canary }) })).toEqual([400, ["properties.name"]]);
    expect(await post({ body: [canary] })).toEqual([400, [""]]);
    const binary = { kind: "prophecy", subKind: "binary", properties: { name: "x", value: `!${canary}` } };
    expect(await post({ body: binary })).toEqual([400, ["properties.value"]]);
    expect(
      await post({ raw: `{"kind": "${canary}`, headers: { "content-type": "application/json" } }),
    ).toEqual([400, null]);
    expect(
      await post({ raw: Buffer.from([0xff, 0xfe]), headers: { "content-type": "application/json" } }),
    ).toEqual([400, null]);
    expect(await post({ raw: JSON.stringify(text("x")), headers: { "content-type": "text/plain" } })).toEqual(
      [415, null],
    );
    expect(await post({})).toEqual([400, null]);
    expect(await post({ body: text("x", canary.repeat(200_000)) })).toEqual([413, null]);
    expect(await post({ body: text("x", canary.repeat(3_000)) })).toEqual([400, ["properties.value"]]);
  });

  test("gets an error for text that Postgres cannot store", async () => {
    const rest = {
      name: "x",
      kind: "restapi",
      properties: { baseUrl: "https://a.example", testPath: "/a\u0000" },
    };
    expect(await fails(call("POST", connectionsPath(), { body: rest }))).toEqual([
      400,
      ["properties.testPath"],
    ]);
    const half = { ...text("x"), description: "half \ud800" };
    expect(await fails(call("POST", secretsPath(), { body: half }))).toEqual([400, ["description"]]);
    const file = {
      kind: "prophecy",
      subKind: "binary",
      properties: { name: "x", value: "eA==", fileName: "a\u0000" },
    };
    expect(await fails(call("POST", secretsPath(), { body: file }))).toEqual([400, ["properties.fileName"]]);
    const zone = { kgSchedule: { timeZone: "UTC\u0000", cron: "* * * * *" } };
    const nested = { name: "x", kind: "postgres", properties: { kgConfig: zone } };
    expect(await fails(call("POST", connectionsPath(), { body: nested }))).toEqual([
      400,
      ["properties.kgConfig.kgSchedule.timeZone"],
    ]);
    const query = `${secretsPath()}?search=${encodeURIComponent("a\0")}`;
    expect(await fails(call("GET", query))).toEqual([400, ["search"]]);
    // Selvage seals a secret's value as bytes, which may be any.
    expect((await call("POST", secretsPath(), { body: text(unique("nul"), `${canary}\0`) })).status).toBe(
      200,
    );
  });

  test("gets an error for a name that the platform reserves", async () => {
    const body = {
      name: "ProphecyFileSystem",
      kind: "restapi",
      properties: { baseUrl: "https://a.example" },
    };
    expect(await fails(call("POST", connectionsPath(), { body }))).toEqual([400, ["name"]]);
  });

  test("gets all its errors at once, and no input back except names", async () => {
    const body = { name: "x", kind: "postgres", properties: { server: 5, port: "x", password: "typed" } };
    const answer = await call("POST", connectionsPath(), { body });
    expect(Object.keys(answer.json.fieldErrors as object)).toEqual(
      expect.arrayContaining(["properties.server", "properties.port", "properties.password"]),
    );
    expect(JSON.stringify(answer.json)).toContain("This must be a string.");
    const unknownProperties = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`${canary}${"x".repeat(60)}${i}`, 1]),
    );
    const refused = await call("POST", connectionsPath(), {
      body: { ...body, properties: unknownProperties },
    });
    expect([refused.status, JSON.stringify(refused.json).length < 1000]).toEqual([400, true]);
  });

  test("gets the same error shape when it is too large, even before the body has arrived", async () => {
    const url = await api.listen({ port: 0, host: "127.0.0.1" });
    const answer = await fetch(`${url}${secretsPath()}`, {
      method: "POST",
      headers: { "x-auth-token": token, "content-type": "application/json" },
      body: "x".repeat(20_000_000),
    });
    expect([answer.status, await answer.json()]).toMatchObject([413, { success: false }]);
  });

  test("gets one error shape for unknown paths and methods", async () => {
    expect(await fails(call("GET", "/api/orchestration/nothing"))).toEqual([404, null]);
    const created = await call("POST", secretsPath(), { body: text(unique("typed")) });
    const untyped = { headers: { "content-type": "" } };
    expect((await call("DELETE", `${secretsPath()}/id/${created.data.id}`, untyped)).status).toBe(200);
    const odd = await call("POST", secretsPath(), { raw: "{}", headers: { "content-type": "json" } });
    expect(odd.status).toBe(415);
    const patch = await call("PATCH", secretsPath(), { body: {} });
    expect([patch.status, patch.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  test("gets the documented messages", async () => {
    const name = unique("twice");
    await call("POST", secretsPath(), { body: text(name) });
    expect(await call("POST", secretsPath(), { body: text(name.toUpperCase()) })).toMatchObject({
      status: 409,
      json: {
        message: expect.stringMatching(/^Create Secret failed due to : properties\.name: /),
        fieldErrors: { "properties.name": expect.any(String) },
      },
    });
    const gone = { name: "no_such", kind: "restapi", isDefaultWarehouseConnection: false, properties: {} };
    expect(await call("PUT", `${connectionsPath()}/name/no_such`, { body: gone })).toMatchObject({
      status: 400,
      json: {
        message: `Update connection failed due to : No connection found for fabric ${fabric.fabricId} and connection id no_such`,
      },
    });
    const { name: taken } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
    const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: fabric.teamId } });
    const body = { name: taken, teamName, provider: "databricks" };
    expect(await call("POST", "/api/orchestration/fabric", { body })).toMatchObject({
      status: 500,
      json: {
        message: `Fabric creation failed due to : Fabric with name \`${taken}\` already exists in the team`,
      },
    });
  });
});

describe("a create with an Idempotency-Key", () => {
  const create = (key: string, body: unknown, path = secretsPath()) =>
    call("POST", path, { body, headers: { "idempotency-key": key } });

  test("runs once, even when five arrive at once", async () => {
    const [key, name] = [unique("key"), unique("once")];
    const answers = await Promise.all(Array.from({ length: 5 }, () => create(key, text(name))));
    expect(new Set(answers.map(({ status, data }) => `${status} ${data.id}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await owner.secret.count({ where: { name } })).toBe(1);
    expect(await create(key, text(name, "another value"))).toMatchObject({ status: 422 });
    const again = await create(key, text(name), `${secretsPath()}/`.replace("/secret/", "/%73ecret/"));
    expect(again).toMatchObject({ status: 200, data: answers[0]?.data });
    // Two people may use the same key independently.
    const others = await call("POST", secretsPath(), {
      as: await accessTokenOf(fabric.user),
      body: text(name),
      headers: { "idempotency-key": key },
    });
    expect(others.status).toBe(409);
  });

  test("stores neither the body nor the key", async () => {
    const [key, name] = [unique("key"), unique("once")];
    await create(key, text(name));
    const rows = JSON.stringify(await owner.idempotentCreate.findMany());
    for (const word of [key, name]) expect(rows).not.toContain(word);
    expect(findLeaks("idempotent_create", rows, canary)).toEqual([]);
  });

  test("may run again when its failure left nothing, and returns a connection as it is now", async () => {
    const [key, name] = [unique("key"), unique("rest")];
    const body = { name, kind: "restapi", properties: { baseUrl: "not an address" } };
    expect((await create(key, body, connectionsPath())).status).toBe(400);
    const good = { ...body, properties: { baseUrl: "https://api.example.com" } };
    const created = await create(key, good, connectionsPath());
    expect(created.data).toMatchObject({ name, kind: "restapi" });
    expect((await create(key, good, connectionsPath())).data).toEqual(created.data);
  });
});

describe("connections", () => {
  test("reference secrets by the documented object, in every answer", async () => {
    const [secret, name] = [unique("pw"), unique("synapse 1")];
    const { data } = await call("POST", secretsPath(), { body: text(secret) });
    const properties = {
      server: "example.sql.azuresynapse.net",
      port: "1433",
      username: "u",
      database: "SynapseDev",
      password: reference(data.id, secret),
    };
    const body = { name, kind: "synapse", isDefaultWarehouseConnection: false, properties };
    const created = await call("POST", connectionsPath(), { body });
    expect(created).toMatchObject({ status: 200, data: { id: expect.any(String), ...body } });
    const path = `${connectionsPath()}/name/${encodeURIComponent(name)}`;
    expect((await call("GET", path)).data).toEqual({ ...created.data, rotations: [] });
    const { data: list } = await call("GET", connectionsPath());
    expect(list.Connections).toContainEqual(created.data);

    const changed = { ...body, properties: { ...properties, database: "Other" } };
    const updated = await call("PUT", path, { body: changed });
    expect(updated.json).toMatchObject({ success: true, message: "List(), List()", data: changed });
    expect((await call("PUT", path, { body: { ...changed, kind: "mssql" } })).status).toBe(400);
    expect((await call("PUT", path, { body: { ...changed, name: "another" } })).status).toBe(400);

    const { data: usage } = await call("GET", `${secretsPath()}/id/${data.id}/usage`);
    expect(usage.connections).toEqual([{ id: created.data.id, name, kind: "synapse", state: "not_tested" }]);
    expect(usage.usedBy).toBe(1);
    const using = (id: unknown) => call("GET", `${connectionsPath()}?secretId=${id}`);
    expect((await using(data.id)).data.Connections).toMatchObject([{ name }]);
    expect((await using("none")).data.Connections).toEqual([]);
    expect(usage.pipelines).toEqual([]);
    const lastReadAt = new Date();
    const reader = { fabricId: fabric.fabricId, readerId: "t", readerName: "nightly", lastReadAt };
    const read = {
      ...reader,
      secretId: String(data.id),
      connection: name,
      name: "",
      lastVersion: 1,
      reads: 2n,
    };
    await owner.secretReader.create({ data: read });
    expect((await call("GET", `${secretsPath()}/id/${data.id}`)).data).toMatchObject({
      usedByPipelines: 1,
      lastReadAt: lastReadAt.toISOString(),
    });
    const { data: readUsage } = await call("GET", `${secretsPath()}/id/${data.id}/usage`);
    expect(readUsage.pipelines).toEqual([
      {
        id: "t",
        name: "nightly",
        lastReadAt: lastReadAt.toISOString(),
        version: 1,
        reads: 2,
        connection: name,
      },
    ]);
    expect(readUsage).toMatchObject({ lastUsedAt: lastReadAt.toISOString(), version: 1 });
    expect(readUsage.readsByDay).toHaveLength(30);
    expect(await call("DELETE", `${secretsPath()}/id/${data.id}`)).toMatchObject({
      status: 409,
      json: { message: `Delete Secret failed due to : It is used by: ${name}.` },
    });
    expect((await call("DELETE", path)).json).toEqual({ success: true, data: { id: name } });
  });

  test("accept no value in place of a reference, and no other team's secret", async () => {
    const theirs = await call("POST", secretsPath(other), {
      as: await accessTokenOf(other.admin),
      body: text("theirs"),
    });
    for (const password of [
      canary,
      "{{SECRET}}",
      { canary },
      7,
      reference("", "x"),
      reference(theirs.data.id, "theirs"),
    ]) {
      const properties = { server: "db.example.com", database: "d", username: "u", password };
      const answer = await call("POST", connectionsPath(), {
        body: { name: "x", kind: "postgres", properties },
      });
      expect(answer).toMatchObject({
        status: 400,
        json: { fieldErrors: { "properties.password": expect.any(String) } },
      });
    }
  });

  test("are checked, saved or not, without sending a secret to a new destination", async () => {
    const secret = unique("bearer");
    const { data } = await call("POST", secretsPath(), { body: text(secret) });
    const received: string[] = [];
    const server = createServer((socket) => socket.on("data", (data) => received.push(String(data))));
    const { port, close } = await listen(server);
    const properties = {
      baseUrl: `http://127.0.0.1:${port}`,
      tlsMode: "disable",
      authType: "bearer",
      bearerToken: reference(data.id, secret),
    };
    const body = { kind: "restapi", name: unique("rest"), properties };
    const unsaved = await call("POST", `${connectionsPath()}/check`, { body });
    expect(unsaved.data).toMatchObject({
      ok: false,
      code: "destination_unconfirmed",
      newPlaces: [{ secret }],
    });
    // An access token may send a value that it entered recently itself; a thief of the token gains no older value.
    const at = new Date(Date.now() - 11 * 60_000);
    await owner.auditEvent.updateMany({ where: { objectId: String(data.id) }, data: { at } });
    const created = await call("POST", connectionsPath(), { body });
    const saved = await call("POST", `${connectionsPath()}/name/${created.data.name}/check`, { body: {} });
    expect(saved.data).toMatchObject({ ok: false, code: "destination_unconfirmed" });
    expect(received).toEqual([]);
    await close();
  });

  test("of a script that enters the value itself are connected without a browser", async () => {
    const [secret, name] = [unique("bearer"), unique("rest")];
    const server = await startRestApiServer({ bearer: canary });
    const { data } = await call("POST", secretsPath(), { body: text(secret) });
    const properties = {
      baseUrl: server.baseUrl,
      tlsMode: "disable",
      authType: "bearer",
      bearerToken: reference(data.id, secret),
    };
    await call("POST", connectionsPath(), { body: { kind: "restapi", name, properties } });
    const path = `${connectionsPath()}/name/${name}`;
    expect((await call("POST", `${path}/check`, { body: {} })).data).toMatchObject({ ok: true });
    expect((await call("GET", path)).data).toMatchObject({ status: { state: "connected" } });
    await server.close();
  });

  test("of the kind sftp accept the private key as the documented string, and create a secret named after them", async () => {
    const name = unique("My SFTP");
    const properties = {
      host: "files.example.com",
      port: 22,
      username: "u",
      authMethod: "private_key",
      privateKey: Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${canary}\n`).toString("base64"),
    };
    const body = { name, kind: "sftp", isDefaultWarehouseConnection: false, properties };
    const created = await call("POST", connectionsPath(), { body });
    const secretName = name.replace(" ", "_");
    const shown = { ...properties, privateKey: reference(expect.any(String), secretName) };
    expect(created).toMatchObject({ status: 200, data: { properties: shown } });

    const again = await call("PUT", `${connectionsPath()}/name/${encodeURIComponent(name)}`, { body });
    expect(again.data.properties).toEqual(created.data.properties);
    const secrets = await owner.secret.findMany({
      where: { fabricId: fabric.fabricId, name: { startsWith: secretName } },
      select: { _count: { select: { versions: true } } },
    });
    expect(secrets).toEqual([{ _count: { versions: 2 } }]);
    // A rejected connection leaves no secret behind.
    const refused = { ...body, name: unique("refused"), properties: { ...properties, port: 70_000 } };
    expect((await call("POST", connectionsPath(), { body: refused })).status).toBe(400);
    expect((await call("POST", connectionsPath(), { body })).status).toBe(409);
    const names = await owner.secret.count({
      where: { fabricId: fabric.fabricId, name: { contains: "refused" } },
    });
    expect([names, await owner.secret.count({ where: { name: `${secretName}-2` } })]).toEqual([0, 0]);
  });
});

describe("activity", () => {
  test("is listed by time and by name", async () => {
    const name = unique("listed");
    expect(await call("POST", secretsPath(), { body: text(name) })).toMatchObject({ status: 200 });
    const path = `/api/orchestration/fabric/${fabric.fabricId}/activity`;
    const today = new Date().toISOString().slice(0, 10);
    expect(await call("GET", `${path}?search=${name}&from=${today}&to=${today}`)).toMatchObject({
      data: { events: [{ action: "secret.create" }] },
    });
    expect((await call("GET", `${path}?search=${name}&to=2020-01-01`)).data).toMatchObject({ events: [] });
    expect(await call("GET", `${path}?from=yesterday`)).toMatchObject({ status: 400 });
  });
});

describe("a fabric", () => {
  const warehouse = (shouldTest: boolean) => ({
    name: "databricks_pat_1",
    kind: "databricks",
    isDefaultWarehouseConnection: true,
    shouldTest,
    properties: {
      authType: "pat",
      jdbcUrl:
        "jdbc:databricks://nothing-here.cloud.databricks.com:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/1234567890abcdef;",
      catalog: "pipelinehub",
      schema: "s",
      token: "{{SECRET}}",
    },
  });
  const create = async (name: string, shouldTest: boolean, as = token) => {
    const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: fabric.teamId } });
    const body = { name, description: "d", teamName, provider: "databricks", secret: text("databricks-pat") };
    return call("POST", "/api/orchestration/fabric", {
      as,
      body: { ...body, connection: warehouse(shouldTest) },
    });
  };

  test("is created with its secret and connection in one request, read, renamed and deleted", async () => {
    const name = unique("API_Fabric");
    const created = await create(name, false);
    expect(created.json).toEqual({ success: true, data: { id: expect.any(String) } });
    const id = String(created.data.id);
    const path = `/api/orchestration/fabric/${id}`;
    expect((await call("GET", path)).data).toMatchObject({
      fabricID: id,
      name,
      teamID: fabric.teamId,
      secrets: 1,
    });
    const { data } = await call("GET", `${path}/connection`);
    const secret = await owner.secret.findFirstOrThrow({ where: { fabricId: id } });
    expect(data.Connections).toMatchObject([
      {
        isDefaultWarehouseConnection: true,
        properties: { token: reference(secret.id, "databricks-pat") },
      },
    ]);
    const renamed = `${name}_2`;
    expect((await call("PUT", path, { body: { name: renamed } })).json).toEqual({
      success: true,
      data: { id },
    });
    expect((await call("GET", path)).data).toMatchObject({ name: renamed, description: "d" });
    expect((await call("DELETE", path, { as: await accessTokenOf(fabric.user) })).status).toBe(403);
    expect((await call("DELETE", path)).json).toEqual({ success: true, data: { id } });
    for (const gone of [path, `${path}/secret`, `${path}/connection`])
      expect((await call("GET", gone)).status).toBe(404);
    expect((await call("DELETE", path)).status).toBe(404);
    const { data: list } = await call("GET", "/api/orchestration/fabric");
    expect(JSON.stringify(list)).not.toContain(id);
    // Automate destroys it later: automate/fabrics/delete-fabric.test.ts.
    expect(await owner.fabricDeletion.count({ where: { fabricId: id } })).toBe(1);
    expect((await create(renamed, false)).status).toBe(200);
    expect(await owner.auditEvent.count({ where: { fabricId: id, action: "fabric.delete" } })).toBe(1);
  });

  test("leaves nothing when its connection fails the check", async () => {
    const name = unique("API_Fabric");
    const answer = await create(name, true);
    expect(answer).toMatchObject({
      status: 400,
      json: {
        message: expect.stringMatching(/^Fabric creation failed due to : The connection check failed: /),
      },
    });
    expect(await owner.fabric.count({ where: { name } })).toBe(0);
  });

  /** A server that accepts connections and never answers, and the request for a fabric that connects to it. */
  async function silent(key: string) {
    const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: fabric.teamId } });
    const name = unique("API_Fabric");
    const waiting: (() => void)[] = [];
    const server = await listen(
      createServer((socket) => {
        for (const seen of waiting.splice(0)) seen();
        socket.resume();
      }),
    );
    const properties = {
      server: "127.0.0.1",
      port: String(server.port),
      database: "d",
      username: "u",
      password: "{{SECRET}}",
      tlsMode: "disable",
    };
    const connection = { name: "warehouse", kind: "postgres", properties };
    const body = { name, teamName, provider: "none", secret: text("pw"), connection };
    return {
      name,
      server,
      connected: () => new Promise<void>((resolve) => waiting.push(resolve)),
      create: () => call("POST", "/api/orchestration/fabric", { body, headers: { "idempotency-key": key } }),
    };
  }

  test("answers a repeat during its check with a conflict, and starts again after a failed check", async () => {
    const { name, server, connected, create } = await silent(unique("key"));
    const [first] = [create(), await connected()];
    expect(await create()).toMatchObject({ status: 409, json: { success: false } });
    await server.close();
    expect(await first).toMatchObject({ status: 400 });
    expect(await owner.fabric.count({ where: { name } })).toBe(0);
    expect(await create()).toMatchObject({ status: 400 });
  });

  test("is not rolled back if a person stored something in it during its check", async () => {
    const { name, server, connected, create } = await silent(unique("key"));
    const [first] = [create(), await connected()];
    const created = await owner.fabric.findFirstOrThrow({ where: { name } });
    const added = await call("POST", secretsPath({ ...fabric, fabricId: created.id }), {
      body: text("theirs"),
    });
    expect(added.status).toBe(200);
    await server.close();
    expect(await first).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("someone stored something in it meanwhile") },
    });
    expect(await owner.secret.count({ where: { fabricId: created.id } })).toBe(2);
  });

  test("of an interrupted request is removed when the caller repeats the request", async () => {
    const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: fabric.teamId } });
    const [key, name] = [unique("key"), unique("API_Fabric")];
    const request = { body: { name, teamName, provider: "none" }, headers: { "idempotency-key": key } };
    const left = await call("POST", "/api/orchestration/fabric", request);
    await owner.idempotentCreate.updateMany({
      where: { objectId: String(left.data.id) },
      data: { pendingUntil: new Date(0) },
    });
    const again = await call("POST", "/api/orchestration/fabric", request);
    expect(again.status).toBe(200);
    expect(await owner.fabric.findMany({ where: { name }, select: { id: true } })).toEqual([again.data]);
    expect(again.data.id).not.toBe(left.data.id);
    expect((await call("POST", "/api/orchestration/fabric", request)).data).toEqual(again.data);
  });

  test("can be created only by an Admin of the team, in their own team", async () => {
    expect((await create(unique("API_Fabric"), false, await accessTokenOf(fabric.user))).status).toBe(403);
    const answer = await create(unique("API_Fabric"), false, await accessTokenOf(other.admin));
    expect(answer).toMatchObject({ status: 400, json: { fieldErrors: { teamName: expect.any(String) } } });
  });
});

describe("an access token", () => {
  test("gets the same answer when unknown, malformed, expired, revoked or owned by a locked person", async () => {
    const [mine] = (await listAccessTokens(fabric.user)).concat();
    const revoked = await accessTokenOf(fabric.user);
    const [newest] = await listAccessTokens(fabric.user);
    expect(mine?.id).not.toBe(newest?.id);
    await revokeAccessToken(fabric.user, { accessTokenId: newest?.id ?? "" });
    const expired = await accessTokenOf(fabric.user);
    await owner.accessToken.updateMany({
      where: {
        userId: fabric.user.id,
        revokedAt: null,
        id: (await listAccessTokens(fabric.user))[0]?.id ?? "",
      },
      data: { expiresAt: new Date(0) },
    });
    const locked = await createTestFabric(owner, "locked");
    const ofLocked = await accessTokenOf(locked.admin);
    await owner.user.update({ where: { id: locked.admin.id }, data: { lockedAt: new Date() } });
    const answers = [];
    for (const as of ["", "svu_x", newAccessToken().token, revoked, expired, ofLocked]) {
      const { status, json } = await call("GET", secretsPath(), { as });
      answers.push(`${status} ${JSON.stringify(json)}`);
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^401 /);
  });

  test("has its owner's rights and sees no other team", async () => {
    const as = await accessTokenOf(fabric.user);
    expect((await call("GET", secretsPath(), { as })).status).toBe(200);
    const foreign = await call("GET", secretsPath(other), { as });
    const none = await call("GET", "/api/orchestration/fabric/01890000-0000-7000-8000-000000000000/secret", {
      as,
    });
    expect([foreign.status, foreign.json]).toEqual([404, none.json]);
    const { data } = await call("GET", "/api/orchestration/fabric", { as });
    expect(JSON.stringify(data)).not.toContain(other.fabricId);
  });

  test("never counts as a fresh sign-in: it has no power over people, keys or destinations", async () => {
    const actor = await findAccessTokenActor(token);
    if (!actor) throw new Error("It does not work.");
    for (const permission of ["token:write", "destination:write"] as const)
      await expect(authorize(actor, fabric.fabricId, permission)).rejects.toThrow(NotFresh);
    const stale = { ...fabric.user, authenticatedAt: new Date(0) };
    await expect(createAccessToken(stale, { name: "x", lifetime: "7" })).rejects.toThrow(NotFresh);
    await expect(createAccessToken(actor, { name: "x", lifetime: "7" })).rejects.toThrow(NotFresh);
  });

  test("is stored as a hash, and the audit log records its actions with its name", async () => {
    const name = unique("recorded");
    const { data } = await call("POST", secretsPath(), { body: text(name) });
    const event = await owner.auditEvent.findFirstOrThrow({ where: { objectId: String(data.id) } });
    expect(event).toMatchObject({ actorId: fabric.admin.id, details: { accessToken: "scripts" } });
    // Automate's own events name the token as well.
    const rest = { kind: "restapi", name, properties: { baseUrl: "https://127.0.0.1:1" } };
    await call("POST", `${connectionsPath()}/check`, { body: rest });
    const checked = await owner.auditEvent.findFirstOrThrow({
      where: { objectName: name, action: "connection.check" },
    });
    expect(checked).toMatchObject({
      writer: expect.stringMatching(/automate/),
      details: { accessToken: "scripts" },
    });
    const client = new Client({ connectionString: web.urls.ownerUrl });
    await client.connect();
    const { rows } = await client.query("SELECT * FROM access_token");
    await client.end();
    expect(JSON.stringify(rows)).not.toContain(token.slice(4, 40));
  });

  test("differs from a lookalike string by its checksum", () => {
    const { token: created } = newAccessToken();
    expect(isAccessToken(created)).toBe(true);
    expect(isAccessToken(`${created.slice(0, -1)}${created.endsWith("A") ? "B" : "A"}`)).toBe(false);
    expect(isAccessToken(created.slice(0, 10) + (created[10] === "A" ? "B" : "A") + created.slice(11))).toBe(
      false,
    );
  });
});

describe("the policy", () => {
  const scoped = operations.flatMap((operation) =>
    operation.access.permission
      ? [{ operation, id: operation.id, permission: operation.access.permission }]
      : [],
  );
  test.each(scoped)(
    "lets $id answer permitted callers, and answers all others with not found",
    async ({ operation, permission }) => {
      const tenant = await createTestFabric(owner, "place");
      const none = { fabricId: uuidv7(), teamId: uuidv7() };
      const ask = (as: string, { fabricId, teamId }: typeof none) => {
        const values: Record<string, string> = {
          fabricId,
          teamId,
          secretId: uuidv7(),
          connectionName: "none",
        };
        const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
        return call(operation.method, path, {
          as,
          ...(operation.body ? { body: operation.example ?? {} } : {}),
        });
      };
      const outsider = await accessTokenOf(other.admin);
      const [foreign, missing] = [await ask(outsider, tenant), await ask(outsider, none)];
      expect([foreign.status, foreign.json]).toEqual([404, missing.json]);
      // The refusal itself is recorded a moment later.
      const countActs = () =>
        owner.auditEvent.count({ where: { fabricId: tenant.fabricId, action: { not: "act.refuse" } } });
      const before = await countActs();
      let refused = 0;
      for (const [role, person] of [
        ["user", tenant.user],
        ["admin", tenant.admin],
      ] as const) {
        const { status } = await ask(await accessTokenOf(person), tenant);
        expect(status === 403, `${role} gets ${status}`).toBe(!allows(role, permission));
        expect(status).not.toBe(401);
        if (status !== 403) continue;
        refused += 1;
        expect(await countActs()).toBe(before);
      }
      await expect
        .poll(() => owner.auditEvent.count({ where: { fabricId: tenant.fabricId, action: "act.refuse" } }))
        .toBe(refused);
    },
  );
});

/** The fabric that examples promote from. */
async function addFabricOfExamples() {
  const { teamId, admin } = fabric;
  const [id, name] = ["the-other-fabric-id", "examples"];
  const creator = { createdById: admin.id, createdByName: "A" };
  await owner.fabric.create({ data: { id, teamId, name, nameKey: name, provider: "none", ...creator } });
  const by = { ...creator, updatedById: admin.id, updatedByName: "A" };
  const properties = { baseUrl: "https://api.example.com" };
  const connection = { id: "orders", fabricId: id, name: "Orders", nameKey: "orders", kind: "restapi" };
  await owner.connection.create({ data: { ...connection, ...by, properties, configHash: "h" } });
}

describe("the OpenAPI description", () => {
  test("names each operation once, with its path and answer", () => {
    const document = openApiDocument() as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(ids.sort()).toEqual(operations.map(({ id }) => id).sort());
  });

  test("has examples that work unchanged", async () => {
    await owner.team.update({ where: { id: fabric.teamId }, data: { name: "devTeam", nameKey: "devteam" } });
    const exampleOf = (id: string) => operations.find((operation) => operation.id === id)?.example;
    const done = new Set<string>();
    const run = async (id: string, params: Record<string, string> = {}) => {
      const operation = operations.find((one) => one.id === id);
      const path = (operation?.path ?? "").replace(/\{(\w+)\}/g, (_, name) => params[name] ?? "");
      const answer = await call(operation?.method ?? "", path, { body: exampleOf(id) });
      expect(answer, id).toMatchObject({ status: 200 });
      done.add(id);
      return answer.data;
    };
    const fabricId = String((await run("createFabric")).id);
    await run("updateFabric", { fabricId });
    const secretId = String((await run("createSecret", { fabricId })).id);
    for (const id of ["createCandidate", "checkCandidate", "promoteCandidate", "undoReplacement"])
      await run(id, { fabricId, secretId });
    await run("updateSecret", { fabricId, secretId });
    const connectionName = String((await run("createConnection", { fabricId })).name);
    await run("updateConnection", { fabricId, connectionName });
    await run("checkConnection", { fabricId });
    await run("checkConnectionByName", { fabricId, connectionName });
    const path = `/api/orchestration/fabric/${fabricId}`;
    await call("DELETE", `${path}/connection/name/${connectionName}`);
    await call("DELETE", `${path}/secret/id/${secretId}`);
    const { items } = (await call("GET", `${path}/trash`)).data as { items: { type: string; id: string }[] };
    expect(items.map(({ type }) => type)).toEqual(["secret", "connection"]);
    await run("restoreSecret", { fabricId, secretId });
    await run("restoreConnection", { fabricId, connectionId: items[1]?.id ?? "" });
    const another = { fabricId: fabric.fabricId };
    for (const id of ["dryRunImport", "importSecrets", "compareFabrics"]) await run(id, another);
    await addFabricOfExamples();
    for (const id of ["planPromotion", "promoteConnections"]) await run(id, { fabricId });
    const withExample = operations.filter(({ example }) => example !== undefined).map(({ id }) => id);
    expect([...done].sort()).toEqual(withExample.sort());
  });
});
