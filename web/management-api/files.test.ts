import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
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
