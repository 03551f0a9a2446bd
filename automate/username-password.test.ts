import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { checkInBackground } from "@/automate/checks/background-check";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { createPreparedRuns } from "@/automate/checks/run";
import { newPipelineToken } from "@/lib/access/pipeline";
import { configHash } from "@/lib/connections/config-hash";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";

const { token, tokenHash } = newPipelineToken();
const workerPath = builtCheckWorker();
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let login: PostgresLogin;
let pool: CheckPool;
let app: ReturnType<typeof createRuntimeApp>;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, { EGRESS_ALLOW: "127.0.0.0/8,::1/128" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const { fabricId, admin } = fabric;
  await owner.pipelineToken.create({
    data: {
      fabricId,
      name: "nightly",
      tokenHash,
      createdById: admin.id,
      createdByName: admin.name,
    },
  });
  login = await createPostgresLogin(urls.ownerUrl);
  pool = createCheckPool({ workerPath, size: 1 });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  pool.close();
  await login.drop();
  await owner.$disconnect();
  await closeDb();
});

/** A saved connection to the real server with a Username & Password secret, and a user of its own that is not used. */
async function addConnection(id: string, fields: { username: string; password: string }) {
  const { fabricId, admin } = fabric;
  const versions = [{ by: "admin" as const, fields }];
  await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "username_password", versions });
  const { server, port, database } = login;
  const properties = { server, port, database, tlsMode: "disable" };
  const by = {
    createdById: admin.id,
    createdByName: admin.name,
    updatedById: admin.id,
    updatedByName: admin.name,
  };
  const hash = configHash("postgres", { ...properties, password: id });
  await owner.connection.create({
    data: {
      ...{ id, fabricId, name: id, nameKey: id, kind: "postgres", configHash: hash, ...by },
      properties: { ...properties, username: "nobody" },
    },
  });
  const destination = `postgres://${server}:${port}?tls=disable`;
  await owner.allowedDestination.create({
    data: {
      fabricId,
      secretId: id,
      version: 1,
      destination,
      createdById: admin.id,
      createdByName: admin.name,
    },
  });
  await owner.connectionSecret.create({
    data: { connectionId: id, field: "password", secretId: id, fabricId },
  });
  return hash;
}

async function check(id: string, hash: string) {
  const runPrepared = createPreparedRuns({ keys: fabric.keys, pool });
  expect(await checkInBackground(runPrepared, id, 60)).toBe("done");
  return owner.connectionCheck.findFirst({
    where: { configHash: hash },
    select: { ok: true, code: true, field: true },
  });
}

async function read(id: string) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await app.inject({ url: `/v1/connections/${id}`, headers });
  return { status: answer.statusCode, ...answer.json() };
}

test("a check signs in as the user of the secret, and a pipeline receives both as texts", async () => {
  const { username, password } = login;
  const hash = await addConnection("orders", { username, password });
  expect(await check("orders", hash)).toEqual({ ok: true, code: null, field: null });
  const source = { name: "orders", subKind: "username_password", version: 1 };
  expect(await read("orders")).toMatchObject({
    status: 200,
    properties: { username, password, database: login.database },
    secrets: { username: source, password: source },
  });
  const events = await owner.auditEvent.findMany({ where: { objectId: "orders", action: "secret.use" } });
  expect(events.map(({ details }) => details)).toMatchObject([
    { purpose: "check", fields: ["username", "password"] },
    { purpose: "connection", fields: ["password", "username"] },
  ]);
});

test("a refused sign-in names the secret's field, and counts as one attempt of that secret", async () => {
  const hash = await addConnection("wrong", { username: login.username, password: "wrong" });
  expect(await check("wrong", hash)).toEqual({
    ok: false,
    code: "rejected_credentials",
    field: "password",
  });
  expect(await owner.signInAttempt.count({ where: { secretIds: { has: "wrong" } } })).toBe(1);
});

test("a user that clients would read as syntax reaches neither a server nor a pipeline", async () => {
  const hash = await addConnection("hostile", { username: "u;host=evil.example", password: "p" });
  expect(await check("hostile", hash)).toEqual({ ok: false, code: "secret_malformed", field: "password" });
  expect(await owner.signInAttempt.count({ where: { secretIds: { has: "hostile" } } })).toBe(0);
  expect(await read("hostile")).toMatchObject({ status: 409, error: { code: "secret_malformed" } });
});
