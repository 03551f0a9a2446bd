import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { openSecrets } from "@/automate/secrets/open-secret";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { authorizePipeline } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { AutomateBody, AutomatePurpose } from "@/lib/internal-api/contract";
import { audienceOf } from "@/lib/trusted-issuers/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { startWorkloadIssuer } from "@/testing/servers/workload-issuer";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
const [pinned, stolen] = ["pinned-canary-61c0", "stolen-canary-9d2e"];
let owner: Db;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let fabric: TestFabric;
let app: ReturnType<typeof createRuntimeApp>;
let internal: ReturnType<typeof createInternalApp>;
let crown: SecretWithAuthors;
let issuer: Awaited<ReturnType<typeof startWorkloadIssuer>>;

beforeAll(async () => {
  keys = await createTestKeys();
  const urls = await createTestDatabase("automate");
  const environment = { AUTOMATE_URL: automateUrl, EGRESS_ALLOW: "127.0.0.0/8" };
  Object.assign(process.env, keys.web, keys.automate, environment);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const add = (id: string, value: string) =>
    addTestSecret(owner, fabric, urls.webUrl, {
      id,
      subKind: "text",
      versions: [{ by: "admin", fields: { value } }],
    });
  await add("db_password", pinned);
  crown = await add("crown_jewel", stolen);
  // The destination rule has its own tests.
  await owner.destinationRule.create({
    data: { fabricId: fabric.fabricId, rule: "open", updatedByName: "" },
  });
  issuer = await startWorkloadIssuer();
  const noCheck = () => Promise.reject(new Error("No check is run here."));
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  internal = createInternalApp({ keys: fabric.keys, reach: noCheck, runPrepared: noCheck, logger: false });
});

afterAll(async () => {
  await app.close();
  await internal.close();
  await issuer.close();
  await owner.$disconnect();
  await closeDb();
});

type Person = "user" | "admin";

async function ask<P extends AutomatePurpose>(
  purpose: P,
  body: AutomateBody<P>,
  { by = "admin", at = fabric, claims = {} }: { by?: Person; at?: TestFabric; claims?: object } = {},
) {
  const from = { automateUrl, signingKey: keys.web.WEB_SIGNING_KEY };
  const request = await signRequest(from, { userId: at[by].id, fabricId: at.fabricId }, purpose, body, {
    ...claims,
  });
  const { statusCode, body: text } = await internal.inject({
    method: "POST",
    url: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    payload: await request.text(),
  });
  return { status: statusCode, body: JSON.parse(text) };
}

let counter = 0;

/** A connection that references `db_password`. */
async function addConnection(): Promise<string> {
  counter += 1;
  const id = `Orders ${counter}`;
  const { id: userId, name } = fabric.admin;
  await owner.connection.create({
    data: {
      id,
      fabricId: fabric.fabricId,
      name: id,
      nameKey: id.toLowerCase(),
      kind: "postgres",
      properties: { server: "db.example.com", port: "5432", database: "orders", username: "etl" },
      configHash: id,
      createdById: userId,
      createdByName: name,
      updatedById: userId,
      updatedByName: name,
    },
  });
  await pointAt(id, { password: "db_password" });
  return id;
}

/** A User edits the connection so that it references these secrets. */
async function pointAt(connectionId: string, secrets: Record<string, string>) {
  await owner.connectionSecret.deleteMany({ where: { connectionId } });
  const rows = Object.entries(secrets).map(([field, secretId]) => ({ connectionId, field, secretId }));
  await owner.connectionSecret.createMany({
    data: rows.map((row) => ({ ...row, fabricId: fabric.fabricId })),
  });
}

type Made = { id: string; token: string };

async function mint(connectionIds: string[], secretIds: string[] = []): Promise<Made> {
  const limits = { secretIds, connectionIds, cidrs: [] };
  return (await ask("token:create", { name: "nightly", expiresAt: null, limits })).body;
}

async function trust(connectionIds: string[]): Promise<Made> {
  const subject = `system:serviceaccount:etl:${counter}`;
  const audience = audienceOf(fabric.fabricId);
  const who = { name: "Cluster", issuer: issuer.issuer, audience, subject };
  const { body } = await ask("issuer:create", {
    ...who,
    limits: { secretIds: [], connectionIds, cidrs: [] },
  });
  return { id: body.id, token: await issuer.sign({ subject, audience }) };
}

async function read(connection: string, { token }: Made, headers = {}) {
  const url = `/v1/connections/${encodeURIComponent(connection)}`;
  const answer = await app.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });
  return { status: answer.statusCode, text: answer.body, etag: answer.headers.etag };
}

const codeOf = ({ text }: { text: string }) => JSON.parse(text).error.code;

const limitedCredentials = [
  ["a pipeline token", mint, "token:confirm", (id: string) => ({ tokenId: id })],
  ["a trusted issuer", trust, "issuer:confirm", (id: string) => ({ issuerId: id })],
] as const;

describe.each(limitedCredentials)("%s that is limited to a connection", (_name, make, purpose, idOf) => {
  const confirm = (id: string, connectionId: string, secretIds: string[], options = {}) =>
    ask(purpose, { ...idOf(id), connections: [{ connectionId, secretIds }] } as never, options);

  test("receives the secrets that it referenced when the limit was set", async () => {
    const connection = await addConnection();
    const limited = await make([connection]);
    expect((await read(connection, limited)).text).toContain(pinned);
  });

  test("never receives a secret that the connection only keeps for its indexer", async () => {
    const connection = await addConnection();
    await pointAt(connection, {
      password: "db_password",
      "kgConfig.authProperties.clientSecret": "crown_jewel",
    });
    const limited = await make([connection]);
    for (const caller of [limited, await mint([])]) {
      const { status, text } = await read(connection, caller);
      expect([status, Object.keys(JSON.parse(text).secrets)]).toEqual([200, ["password"]]);
      expect(JSON.parse(text).properties.password).toBe(pinned);
      expect(text).not.toContain(stolen);
    }
    const where = { id: limited.id };
    const { pins } =
      (await owner.pipelineToken.findUnique({ where })) ??
      (await owner.trustedIssuer.findUniqueOrThrow({ where }));
    expect(pins).toEqual({ [connection]: ["db_password"] });
  });

  test("does not receive a secret that a User adds under any tag, and automate records the refusal", async () => {
    const connection = await addConnection();
    const limited = await make([connection]);
    await pointAt(connection, { password: "crown_jewel" });
    const refused = await read(connection, limited);
    expect([refused.status, codeOf(refused)]).toEqual([409, "connection_not_confirmed"]);
    expect(refused.text).not.toContain(stolen);
    expect(refused.text).toContain("Advanced");
    const { etag } = await read(connection, await mint([]));
    expect((await read(connection, limited, { "if-none-match": etag })).status).toBe(409);
    await flushAggregatedEvents();
    const where = { fabricId: fabric.fabricId, objectId: connection, actorId: limited.id };
    const events = await owner.auditEvent.findMany({ where, orderBy: { id: "asc" } });
    expect(events.map(({ action }) => action)).toEqual(["connection.refuse", "connection.refuse"]);
    expect(events[0]?.details).toMatchObject({ code: "not_confirmed", source: "127.0.0.1" });
  });

  test("does not receive an added secret, and keeps the others when one reference is removed", async () => {
    const connection = await addConnection();
    const limited = await make([connection]);
    await pointAt(connection, { password: "db_password", sslRootCertificate: "crown_jewel" });
    expect((await read(connection, limited)).status).toBe(409);
    await pointAt(connection, {});
    expect((await read(connection, limited)).status).toBe(200);
  });

  test("receives it after an Admin confirms the current references, and no longer the former ones", async () => {
    const connection = await addConnection();
    const limited = await make([connection]);
    await pointAt(connection, { password: "crown_jewel" });
    expect((await confirm(limited.id, connection, ["crown_jewel"])).status).toBe(200);
    expect((await read(connection, limited)).text).toContain(stolen);
    await pointAt(connection, { password: "db_password" });
    expect((await read(connection, limited)).status).toBe(409);
    const [event, ...more] = await owner.auditEvent.findMany({
      where: { objectId: limited.id, action: purpose.replace(":", ".") },
    });
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      actorId: fabric.admin.id,
      details: { connection, from: ["db_password"], to: ["crown_jewel"] },
    });
  });

  test("requires an Admin with a recent sign-in to confirm the references that the screen showed", async () => {
    const connection = await addConnection();
    const limited = await make([connection]);
    await pointAt(connection, { password: "crown_jewel" });
    const other = await createTestFabric(owner, "theirs");
    const old = { auth_time: Math.floor(Date.now() / 1000) - 11 * 60 };
    const tries = [
      await confirm(limited.id, connection, ["crown_jewel"], { by: "user" }),
      await confirm(limited.id, connection, ["crown_jewel"], { claims: old }),
      await confirm(limited.id, connection, ["crown_jewel"], { at: other }),
      // Somebody changed the connection's references while the Admin looked at them.
      await confirm(limited.id, connection, ["db_password"]),
      await confirm(limited.id, connection, ["crown_jewel", "db_password"]),
      await confirm(limited.id, connection, []),
      // The limit does not name this connection.
      await confirm(limited.id, await addConnection(), ["db_password"]),
    ];
    expect(tries.map(({ status }) => status)).toEqual([403, 403, 404, 409, 409, 409, 409]);
    expect((await read(connection, limited)).status).toBe(409);
  });
});

test("a revoked token cannot be confirmed", async () => {
  const connection = await addConnection();
  const { id } = await mint([connection]);
  await ask("token:revoke", { tokenId: id });
  const connections = [{ connectionId: connection, secretIds: ["db_password"] }];
  expect((await ask("token:confirm", { tokenId: id, connections })).status).toBe(404);
});

test("a token without limits reads a connection with its current references", async () => {
  const connection = await addConnection();
  const limited = await mint([]);
  await pointAt(connection, { password: "crown_jewel" });
  expect((await read(connection, limited)).text).toContain(stolen);
});

test("automate refuses to open an unconfirmed secret, for any caller", async () => {
  const connection = await addConnection();
  const { token } = await mint([connection]);
  await pointAt(connection, { password: "crown_jewel" });
  const answer = await authorizePipeline(token, "127.0.0.1");
  if (!answer || !("scope" in answer)) throw new Error("The token is not valid.");
  const via = { id: connection, name: connection };
  const openings = [{ secret: crown, fields: ["value"], destinations: ["https://a.example:443"] }] as const;
  const purpose = { for: "connection" as const, scope: answer.scope, source: "127.0.0.1", via, openings };
  await expect(openSecrets(fabric.keys, purpose)).rejects.toMatchObject({
    status: 409,
    code: "connection_not_confirmed",
  });
});

test("the upgrade pins the current references of connections for existing tokens and issuers", async () => {
  const connection = await addConnection();
  const [token, issued] = [await mint([connection]), await trust([connection])];
  await owner.pipelineToken.updateMany({ data: { pins: {} } });
  await owner.trustedIssuer.updateMany({ data: { pins: {} } });
  expect((await read(connection, token)).status).toBe(409);
  const folder = readdirSync("prisma/migrations").find((name) => name.endsWith("_connection_pins"));
  const sql = readFileSync(`prisma/migrations/${folder}/migration.sql`, "utf8");
  for (const update of sql.match(/^UPDATE [^;]+;/gm) ?? []) await owner.$executeRawUnsafe(update);
  for (const limited of [token, issued]) {
    await pointAt(connection, { password: "db_password" });
    expect((await read(connection, limited)).status).toBe(200);
    await pointAt(connection, { password: "crown_jewel" });
    expect((await read(connection, limited)).status).toBe(409);
  }
});
