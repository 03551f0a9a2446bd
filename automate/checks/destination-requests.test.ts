import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createInternalApp } from "@/automate/app";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { createPreparedRuns } from "@/automate/checks/run";
import { configHash } from "@/lib/connections/config-hash";
import { listConnections } from "@/lib/connections/queries";
import { connectionListQuery } from "@/lib/connections/schema";
import { formatDestination } from "@/lib/connectors/format-destination";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { getDestinationRule, listWaitingRequests } from "@/lib/destinations/queries";
import type { AutomateBody, AutomatePurpose } from "@/lib/internal-api/contract";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
let owner: Db;
let urls: TestDatabase;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let fabric: TestFabric;
let pool: CheckPool;
let app: ReturnType<typeof createInternalApp>;
let counter = 0;

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: automateUrl });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  pool = createCheckPool({ workerPath: "/dev/null", size: 0 });
  const reach = async () => ({ type: "result", ok: true, ms: 0 }) as const;
  const runPrepared = createPreparedRuns({ keys: fabric.keys, pool });
  app = createInternalApp({ keys: fabric.keys, reach, runPrepared, logger: false });
});

afterAll(async () => {
  await app.close();
  pool.close();
  await owner.$disconnect();
  await closeDb();
});

type Person = "user" | "admin";

async function ask<P extends AutomatePurpose>(
  person: Person,
  purpose: P,
  body: AutomateBody<P>,
  claims = {},
) {
  const from = { automateUrl, signingKey: keys.web.WEB_SIGNING_KEY };
  const by = { userId: fabric[person].id, fabricId: fabric.fabricId };
  const request = await signRequest(from, by, purpose, body, claims);
  const { statusCode, body: text } = await app.inject({
    method: "POST",
    url: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    payload: await request.text(),
  });
  return { status: statusCode, body: JSON.parse(text) };
}

/** A secret that the Admin entered, and a User's connection that would send it to the User's server. */
async function createRequest(server = "db.example.com") {
  counter += 1;
  const id = `secret${counter}`;
  const versions = [{ by: "admin" as const, fields: { value: "v" } }];
  const secret = await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "text", versions });
  const properties = { server, port: "5432", database: "d", username: "u", password: id };
  const connection = {
    kind: "postgres",
    connectionName: `Orders ${counter}`,
    properties,
    reason: "for reports",
  };
  return { secret, connection, destination: `postgres://${server}:5432?tls=verify-full` };
}

type RequestFixture = Awaited<ReturnType<typeof createRequest>>;

const file = ({ connection }: RequestFixture, change = {}) =>
  ask("user", "destination:ask", { ...connection, ...change });
const listed = ({ secret }: RequestFixture) =>
  listWaitingRequests(fabric.scope("user", "secret:list"), secret.id);
const isAllowed = async ({ secret, destination }: RequestFixture) =>
  (await owner.allowedDestination.count({ where: { secretId: secret.id, destination } })) === 1;
const actions = async ({ secret }: RequestFixture) =>
  (await owner.auditEvent.findMany({ where: { objectId: secret.id }, orderBy: { id: "asc" } })).map(
    ({ action }) => action,
  );

async function requestOf(request: RequestFixture): Promise<string> {
  await file(request);
  return (await listed(request)).requests[0]?.id ?? "";
}

/** Checks the connection as in the request for approval and returns its status. */
async function statusOf({ connection: { kind, connectionName, properties }, secret }: RequestFixture) {
  const { password, ...plain } = properties;
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const id = `connection of ${secret.id}`;
  const hash = configHash(kind, { ...plain, tlsMode: "verify-full", password });
  const name = { name: connectionName, nameKey: connectionName.toLowerCase() };
  const data = { id, fabricId, ...name, kind, properties: plain, configHash: hash, ...by };
  await owner.connection.upsert({ where: { id }, create: data, update: {} });
  const page = await listConnections(fabric.scope("user", "connection:list"), connectionListQuery.parse({}));
  return page.connections.find((one) => one.id === id)?.status;
}

describe("a request for approval", () => {
  test("shows all members who requests it, why and for which connection, and is recorded", async () => {
    const request = await createRequest();
    expect(await file(request)).toEqual({ status: 200, body: { waiting: 1 } });
    expect(await listed(request)).toMatchObject({
      total: 1,
      requests: [
        {
          secret: { name: request.secret.name },
          destinations: [request.destination],
          connectionName: request.connection.connectionName,
          reason: "for reports",
          askedByName: fabric.user.name,
        },
      ],
    });
    expect(await isAllowed(request)).toBe(false);
    expect(await actions(request)).toEqual(["destination.ask"]);
    expect(await statusOf(request)).toMatchObject({ state: "waiting", askedByName: fabric.user.name });
  });

  test("names the value's author, its CA certificate and the secret's former name", async () => {
    const request = await createRequest();
    const authority = await addTestSecret(owner, fabric, urls.webUrl, {
      id: `authority${counter}`,
      subKind: "text",
      versions: [{ by: "user", fields: { value: "theirs" } }],
    });
    // Any User may rename another person's secret.
    const { id: secretId, name } = request.secret;
    const { fabricId } = fabric;
    await owner.secretName.updateMany({ where: { secretId }, data: { retiredAt: new Date() } });
    const renamed = { name: `harmless${counter}`, nameKey: `harmless${counter}` };
    await owner.secretName.create({ data: { fabricId, secretId, ...renamed } });
    await owner.secret.update({ where: { id: secretId }, data: renamed });
    await file(request, { properties: { ...request.connection.properties, caCertificate: authority.id } });
    const [row] = (await listed(request)).requests;
    expect(row).toMatchObject({
      secret: { name: renamed.name },
      enteredBy: [fabric.admin.name],
      formerNames: [name],
    });
    const [destination = ""] = row?.destinations ?? [];
    expect(formatDestination(destination, row?.authorities)).toBe(
      `PostgreSQL db.example.com:5432, TLS, CA ${authority.name}, entered by ${fabric.user.name}`,
    );
  });

  test("is stored once, for any number of requests and people", async () => {
    const request = await createRequest();
    await Promise.all([file(request), file(request), ask("admin", "destination:ask", request.connection)]);
    expect((await listed(request)).total).toBe(1);
    await file(request, { properties: { ...request.connection.properties, server: "other.example.com" } });
    expect((await listed(request)).total).toBe(2);
  });

  test("counts towards a limit of 50 open requests for each person and fabric", async () => {
    const request = await createRequest();
    const row = {
      fabricId: fabric.fabricId,
      secretId: request.secret.id,
      version: 1,
      configHash: "x",
      reason: "",
    };
    const by = { connectionName: "c", askedById: fabric.user.id, askedByName: fabric.user.name };
    const before = await owner.destinationRequest.count({
      where: { askedById: fabric.user.id, decision: null },
    });
    const data = Array.from({ length: 50 - before }, (_, n) => ({
      ...row,
      ...by,
      destinations: [`x://${n}`],
    }));
    await owner.destinationRequest.createMany({ data });
    expect((await file(request)).status).toBe(429);
    await owner.destinationRequest.deleteMany({ where: { configHash: "x" } });
    expect((await file(request)).status).toBe(200);
  });

  test("can be approved by an Admin with a recent sign-in, and by nobody else", async () => {
    const request = await createRequest();
    const requestId = await requestOf(request);
    const allow = { requestId, decision: "allowed" } as const;
    expect((await ask("user", "destination:decide", allow)).status).toBe(403);
    const hourAgo = Math.floor(Date.now() / 1000) - 3600;
    expect(await ask("admin", "destination:decide", allow, { auth_time: hourAgo })).toMatchObject({
      status: 403,
      body: { error: { code: "not_fresh" } },
    });
    expect(await isAllowed(request)).toBe(false);
    expect((await ask("admin", "destination:decide", allow)).status).toBe(200);
    expect(await isAllowed(request)).toBe(true);
    expect((await listed(request)).total).toBe(0);
    expect(await statusOf(request)).toEqual({ state: "not_tested", reason: "never" });
    expect(await file(request)).toEqual({ status: 200, body: { waiting: 0 } });
    expect((await ask("admin", "destination:decide", allow)).status).toBe(404);
    expect(await actions(request)).toEqual(["destination.ask", "destination.allow"]);
  });

  test("that an Admin declines allows nothing, names the Admin, and can be made again", async () => {
    const request = await createRequest();
    const requestId = await requestOf(request);
    expect((await ask("admin", "destination:decide", { requestId, decision: "declined" })).status).toBe(200);
    expect(await isAllowed(request)).toBe(false);
    expect(await statusOf(request)).toEqual({
      state: "not_tested",
      reason: "declined",
      declinedByName: fabric.admin.name,
    });
    await file(request);
    expect((await statusOf(request))?.state).toBe("waiting");
    expect(await actions(request)).toEqual(["destination.ask", "destination.decline", "destination.ask"]);
  });

  test("is gone after the value was replaced", async () => {
    const request = await createRequest();
    const requestId = await requestOf(request);
    const { id: createdById, name: createdByName } = fabric.admin;
    const next = {
      secretId: request.secret.id,
      version: 2,
      fabricId: fabric.fabricId,
      createdById,
      createdByName,
    };
    await owner.secretVersion.create({ data: { ...next, manifest: { value: 2 }, metadata: {} } });
    expect((await ask("admin", "destination:decide", { requestId, decision: "allowed" })).status).toBe(404);
    expect(await isAllowed(request)).toBe(false);
    expect((await listed(request)).total).toBe(0);
  });

  test("is not found in another fabric", async () => {
    const requestId = await requestOf(await createRequest());
    const ours = fabric;
    fabric = await createTestFabric(owner, "other");
    expect((await ask("admin", "destination:decide", { requestId, decision: "allowed" })).status).toBe(404);
    fabric = ours;
  });

  test("is approved when an Admin's own check allows the destination", async () => {
    const request = await createRequest();
    await file(request);
    const { reason: _reason, ...connection } = request.connection;
    await ask("admin", "connection:check", { ...connection, isConfirmed: true }).catch(() => {});
    expect(await isAllowed(request)).toBe(true);
    expect((await listed(request)).total).toBe(0);
  });
});

test("an Admin with a recent sign-in sets who may allow destinations in a fabric, and automate records it", async () => {
  const scope = fabric.scope("user", "fabric:see");
  expect(await getDestinationRule(scope)).toBe("ask");
  expect((await ask("user", "destination:rule", { rule: "open" })).status).toBe(403);
  expect((await ask("admin", "destination:rule", { rule: "open" }, { auth_time: 0 })).status).toBe(403);
  expect(await getDestinationRule(scope)).toBe("ask");
  expect((await ask("admin", "destination:rule", { rule: "locked" })).status).toBe(200);
  expect(await getDestinationRule(scope)).toBe("locked");
  expect(await owner.auditEvent.findMany({ where: { action: "destination.rule" } })).toMatchObject([
    { actorId: fabric.admin.id, objectId: fabric.fabricId, details: { rule: "locked" } },
  ]);
});
