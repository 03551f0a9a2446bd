import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { accessTokenOf, startWebWithAutomate } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";

let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let fabric: TestFabric;
let tokens: { user: string; admin: string };
let api: ReturnType<typeof createManagementApi>;

beforeAll(async () => {
  web = await startWebWithAutomate();
  api = createManagementApi();
  fabric = await createTestFabric(web.owner);
  tokens = { user: await accessTokenOf(fabric.user), admin: await accessTokenOf(fabric.admin) };
});

afterAll(() => web.stop());

type Answer = { status: number; message?: string; data: Record<string, unknown> };

async function call(role: "user" | "admin", method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await api.inject({
    method: method as "GET",
    url: `/api/orchestration/fabric/${fabric.fabricId}${path}`,
    headers: {
      "x-auth-token": tokens[role],
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: answer.statusCode, data: {}, ...answer.json() };
}

/** A secret of a connection whose server does not answer. */
async function addUsedSecret() {
  const properties = { name: "key", value: "former-password" };
  const { data } = await call("admin", "POST", "/secret", { kind: "prophecy", subKind: "text", properties });
  const secretId = String(data.id);
  const password = {
    kind: "prophecy",
    subKind: "text",
    type: "secret",
    properties: { id: secretId, name: "key" },
  };
  const server = { server: "127.0.0.1", port: "9", database: "d", username: "u", tlsMode: "disable" };
  const created = await call("admin", "POST", "/connection", {
    ...{ name: "Sales", kind: "postgres", isDefaultWarehouseConnection: false },
    properties: { ...server, password },
  });
  expect(created).toMatchObject({ status: 200 });
  const { id } = await web.owner.connection.findFirstOrThrow({ where: { name: "Sales" } });
  return { secretId, connectionId: id };
}

test("an Admin’s token shows, runs and ends the rotation that an Admin set up in the app, and sets up none", async () => {
  const { fabricId, admin } = fabric;
  const { secretId, connectionId } = await addUsedSecret();
  const path = `/secret/id/${secretId}/rotation`;
  expect((await call("user", "GET", path)).status).toBe(404);
  expect((await call("admin", "POST", `${path}/run`)).status).toBe(404);
  expect((await call("admin", "PUT", path, {})).status).toBe(405);

  const rules = { method: "own", users: [], length: 32, alphabet: "letters_digits" };
  const set = {
    everyDays: 30,
    windowStart: 90,
    windowMinutes: 120,
    setById: admin.id,
    setByName: admin.name,
  };
  await web.owner.passwordRotation.create({ data: { secretId, fabricId, connectionId, ...rules, ...set } });
  const shown = await call("user", "GET", path);
  expect(shown.data).toMatchObject({
    ...{ method: "own", connection: { id: connectionId, name: "Sales" }, everyDays: 30, setBy: "Ada Admin" },
    ...{ window: { start: "01:30", minutes: 120 }, problem: null, lastRun: null },
  });

  const connection = await call("user", "GET", "/connection/name/Sales");
  expect(connection.data).toMatchObject({ rotations: ["key"] });

  const problem = async (problem: string | null) => {
    await web.owner.passwordRotation.update({ where: { secretId }, data: { problem } });
    return (await call("user", "GET", path)).data;
  };
  expect(await problem("candidate_waiting")).toMatchObject({
    problem: "candidate_waiting",
    problemTitle: expect.stringMatching(/^A new value of this secret waits/),
  });
  expect(await problem(null)).not.toHaveProperty("problemTitle");

  for (const [method, of] of [
    ["POST", `${path}/run`],
    ["DELETE", path],
  ] as const)
    expect((await call("user", method, of)).status).toBe(403);

  expect(await call("admin", "POST", `${path}/run`)).toMatchObject({ status: 200 });
  const lastRun = async () => (await call("user", "GET", path)).data.lastRun;
  await expect.poll(lastRun, { timeout: 20_000 }).toMatchObject({
    ...{ state: "failed", serverHas: "former", startedBy: "Ada Admin", version: null },
    title: expect.stringMatching(/^The server still has the former password\./),
    endedAt: expect.any(String),
  });
  const started = await web.owner.auditEvent.findFirst({ where: { action: "secret.rotation.start" } });
  expect(started?.details).toMatchObject({ accessToken: "scripts" });

  expect(await call("admin", "DELETE", path)).toMatchObject({ status: 200, data: { id: secretId } });
  expect((await call("admin", "GET", path)).status).toBe(404);
});
