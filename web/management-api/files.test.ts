import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { importRows } from "@/lib/imports/mutations";
import { importInput } from "@/lib/imports/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { accessTokenOf } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";

let owner: Db;
let api: ReturnType<typeof createManagementApi>;
let fabric: TestFabric;
let token: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  api = createManagementApi();
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
  token = await accessTokenOf(fabric.user);
});
afterAll(async () => {
  await api.close();
  await owner.$disconnect();
  await closeDb();
});

function call(
  method: "GET" | "HEAD" | "POST",
  path: string,
  body?: object,
  headers: Record<string, string> = {},
) {
  const url = `/api/orchestration/fabric/${fabric.fabricId}${path}`;
  const json = body ? { payload: JSON.stringify(body) } : {};
  return api.inject({ method, url, headers: { "x-auth-token": token, ...headers }, ...json });
}
const secret = (name: string, value: unknown = "canary-3d70", subKind = "text") => ({
  kind: "prophecy",
  subKind,
  properties: { name, value },
});

test("a script imports secrets of every type at once, and a repeat with the same key runs once", async () => {
  const body = {
    secrets: [
      secret("a"),
      secret("b", btoa("canary-3d70"), "binary"),
      secret("c", { username: "u", password: "canary-3d70" }, "username_password"),
    ],
  };
  const send = () => call("POST", "/import", body, { "idempotency-key": "k1" });
  const [first, again] = [await send(), await send()];
  for (const { statusCode, body: answer } of [first, again])
    expect([statusCode, JSON.parse(answer).data]).toEqual([200, { secrets: 3, connections: 0 }]);
  expect(await owner.secret.count({ where: { fabricId: fabric.fabricId } })).toBe(3);
});

test("rows that cannot be stored are named by their number, before and at the import, and nothing is stored", async () => {
  await call("POST", "/import", { secrets: [secret("taken")] });
  const outline = { secrets: ["fine", "Taken", "not a name"].map((name) => ({ name, subKind: "text" })) };
  const tried = await call("POST", "/import/dry-run", outline);
  expect(Object.keys(tried.json().data.problems)).toEqual(["secrets.1", "secrets.2"]);
  const refused = await call("POST", "/import", { secrets: [secret("fine"), secret("Taken")] });
  expect(refused.statusCode).toBe(409);
  expect(refused.json()).toMatchObject({
    message: expect.stringMatching(
      /^Import failed due to : Rows cannot be imported, so nothing was stored\./,
    ),
    fieldErrors: { "secrets.1": "“Taken” is already a secret in this fabric." },
  });
  expect(await owner.secret.count({ where: { fabricId: fabric.fabricId } })).toBe(1);
});

test("an export is a file in either format, for GET and HEAD, and has no value", async () => {
  await call("POST", "/import", { secrets: [secret("a")] });
  const json = await call("GET", "/export");
  expect(json.headers).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "content-disposition": 'attachment; filename="secrets.json"',
  });
  expect(json.json().secrets).toMatchObject([{ name: "a", type: "text", version: 1 }]);
  const csv = await call("GET", "/export?format=csv");
  expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(csv.body.split("\r\n")).toHaveLength(3);
  expect(json.body + csv.body).not.toContain("canary-3d70");
  expect((await call("HEAD", "/export?format=csv")).statusCode).toBe(200);
  expect((await call("GET", "/export?format=xlsx")).statusCode).toBe(400);
});

test("an export of the activity is a file in either format, with the filters of the list, for members only", async () => {
  await call("POST", "/import", { secrets: [secret("a"), secret("b")] });
  const csv = await call("GET", "/activity/export");
  expect(csv.headers).toMatchObject({
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": expect.stringMatching(/^attachment; filename="activity-[-0-9]{10}\.csv"$/),
  });
  expect(csv.body).toMatch(/^time,event,documented_event,/);
  const { id } = await owner.secret.findFirstOrThrow({ where: { name: "b", fabricId: fabric.fabricId } });
  const lines = await call("GET", `/activity/export?format=ndjson&event=created&object=${id}`);
  expect(lines.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
  expect(
    lines.body
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { event: "secret.create", object: { kind: "secret", id, name: "b" }, actor: { id: fabric.user.id } },
  ]);
  expect((await call("GET", "/activity/export?format=json")).statusCode).toBe(400);
  expect((await call("GET", "/activity/export?from=yesterday")).statusCode).toBe(400);
  token = await accessTokenOf((await createTestFabric(owner)).user);
  expect((await call("GET", "/activity/export")).statusCode).toBe(404);
});

test("connections are promoted by names: a dry run names what stands in the way, and then all are stored without a value", async () => {
  const dev = await createTestFabric(owner);
  await owner.membership.create({ data: { teamId: dev.teamId, userId: fabric.user.id, role: "user" } });
  const postgres = (name: string, password: string) => ({
    kind: "postgres",
    name,
    properties: { server: "db.dev.example.com", database: "d", username: "u" },
    secretNames: { password },
  });
  const ofDev = importInput.parse({
    secrets: [
      { subKind: "text", name: "shared", fields: { value: "canary-3d70" } },
      { subKind: "text", name: "dev_only", fields: { value: "canary-3d70" } },
    ],
    connections: [postgres("Orders", "shared"), postgres("Billing", "dev_only"), postgres("Stock", "shared")],
  });
  expect(await importRows(dev.scope("user", "secret:write"), ofDev)).toMatchObject({ ok: true });
  await call("POST", "/import", { secrets: [secret("Shared"), secret("prod_only")] });
  const from = dev.fabricId;
  const both = [{ name: "orders" }, { name: "Billing", as: "Billing EU" }];

  const wanted = {
    from,
    connections: [...both, { name: "Nothing" }],
    secrets: [{ name: "other", use: "Shared" }],
  };
  const tried = (await call("POST", "/promotion/dry-run", wanted)).json().data;
  expect(tried).toMatchObject({
    connections: [
      { name: "Orders", as: "orders", kind: "postgres", hosts: ["db.dev.example.com:5432"] },
      { name: "Billing", as: "Billing EU" },
    ],
    secrets: [
      { name: "shared", use: "shared" },
      { name: "dev_only", use: null },
    ],
  });
  expect(Object.keys(tried.problems).sort()).toEqual([
    "connections.2.name",
    "secrets.dev_only",
    "secrets.other",
  ]);
  const refused = await call("POST", "/promotion", wanted);
  expect([refused.statusCode, refused.json().fieldErrors]).toEqual([409, tried.problems]);
  const stored = () =>
    owner.connection.findMany({ where: { fabricId: fabric.fabricId }, include: { secrets: true } });
  expect(await stored()).toEqual([]);

  const secrets = [{ name: "dev_only", use: "PROD_ONLY" }];
  const promoted = await call("POST", "/promotion", { from, connections: both, secrets });
  expect(promoted.json().data.connections).toMatchObject([{ name: "orders" }, { name: "Billing EU" }]);
  const idOf = async (name: string) =>
    (await owner.secret.findFirstOrThrow({ where: { name, fabricId: fabric.fabricId } })).id;
  expect(new Map((await stored()).map((one) => [one.name, one.secrets[0]?.secretId]))).toEqual(
    new Map([
      ["orders", await idOf("Shared")],
      ["Billing EU", await idOf("prod_only")],
    ]),
  );
  expect(await owner.secret.count({ where: { fabricId: fabric.fabricId } })).toBe(2);
  expect(await owner.allowedDestination.count({ where: { fabricId: fabric.fabricId } })).toBe(0);
  const again = await call("POST", "/promotion", { from, connections: both, secrets });
  expect(again.json().fieldErrors).toEqual({
    "connections.0.as": expect.stringContaining("“orders” is taken"),
    "connections.1.as": expect.stringContaining("“Billing EU” is taken"),
  });
  const theirs = (await createTestFabric(owner)).fabricId;
  expect((await call("POST", "/promotion", { from: theirs, connections: both })).statusCode).toBe(404);
});

test("a comparison answers for a fabric of the caller, and does not find another one", async () => {
  await call("POST", "/import", { secrets: [secret("a")] });
  const theirs = await createTestFabric(owner);
  expect((await call("POST", "/comparison", { with: [theirs.fabricId] })).statusCode).toBe(404);
  await owner.membership.create({ data: { teamId: theirs.teamId, userId: fabric.user.id, role: "user" } });
  const compared = await call("POST", "/comparison", { with: [theirs.fabricId] });
  expect(compared.json().data).toMatchObject({
    names: 1,
    different: 1,
    differences: [{ noun: "secret", name: "a", expected: "text", found: [null] }],
  });
});
