import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { serveMetrics } from "@/automate/http/metrics";
import { logAlarmsTo } from "@/automate/secrets/alarm";
import { openSecrets } from "@/automate/secrets/open-secret";
import { newPipelineToken } from "@/lib/access/pipeline";
import { CannotOpen } from "@/lib/crypto/open";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

let urls: TestDatabase;
let owner: Db;
let fabric: TestFabric;
let app: FastifyInstance;
let headers: { authorization: string };
let logged: object[];
let count = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const { token, tokenHash } = newPipelineToken();
  headers = { authorization: `Bearer ${token}` };
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

beforeEach(() => {
  logged = [];
  logAlarmsTo({ error: (fields, message) => logged.push({ ...fields, message }) });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

/** A secret whose password the attacker replaced with a sealed value from another secret. */
async function addTampered() {
  count += 1;
  const id = `login_${count}`;
  const fields = { username: "u", password: "canary-44e1" };
  const versions = [{ by: "user" as const, fields }];
  const secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id,
    subKind: "username_password",
    versions,
  });
  const at = (field: string) => ({ secretId_field_version: { secretId: id, field, version: 1 } });
  const { sealed } = await owner.secretField.findUniqueOrThrow({
    where: at("username"),
    select: { sealed: true },
  });
  await owner.secretField.update({ where: at("password"), data: { sealed } });
  return secret;
}

const alarmsOf = (objectId: string) =>
  owner.auditEvent.findMany({ where: { objectId, action: "secret.alarm" }, orderBy: { id: "asc" } });

async function metric(): Promise<number> {
  const server = await serveMetrics({ host: "127.0.0.1", port: 0 });
  const { port } = server.address() as AddressInfo;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  server.close();
  return Number(/^selvage_cannot_open_total (\d+)$/m.exec(text)?.[1]);
}

test("a stored value that does not open causes an event with its secret and field, a metric and a log line", async () => {
  const { id } = await addTampered();
  const before = await metric();
  const answer = await app.inject({ url: `/v1/secrets/${id}`, headers });
  expect([answer.statusCode, answer.json().error.code]).toEqual([500, "cannot_open"]);
  expect(answer.body).not.toContain("canary");
  expect(await alarmsOf(id)).toMatchObject([
    {
      actorName: "nightly",
      fabricId: fabric.fabricId,
      teamId: fabric.teamId,
      objectName: id,
      details: { code: "cannot_open", field: "password", version: 1 },
    },
  ]);
  expect(await metric()).toBe(before + 1);
  expect(logged).toEqual([
    {
      code: "cannot_open",
      fabricId: fabric.fabricId,
      secretId: id,
      field: "password",
      version: 1,
      message: "cannot open a stored value: it was changed, or its key is missing",
    },
  ]);
});

test("automate counts repeated alarms of one value, for every reader", async () => {
  const { id } = await addTampered();
  for (let n = 0; n < 30; n += 1) await app.inject({ url: `/v1/secrets/${id}`, headers });
  // A minute can begin during the test.
  expect((await alarmsOf(id)).length).toBeLessThanOrEqual(2);
  expect(logged).toHaveLength(30);
});

test("a check raises the alarm too, and a missing fabric key raises it for each field that the key sealed", async () => {
  const secret = await addTampered();
  const destination = "postgres://db.example.com:5432?tls=verify-full";
  await owner.allowedDestination.create({
    data: {
      fabricId: fabric.fabricId,
      secretId: secret.id,
      version: 1,
      destination,
      createdById: "x",
      createdByName: "x",
    },
  });
  const scope = fabric.scope("user", "connection:check");
  const openings = [{ secret, fields: ["password"], destinations: [destination] as const }];
  const purpose = { for: "check" as const, scope, connection: "Orders", openings };
  await expect(openSecrets(fabric.keys, purpose)).rejects.toThrow(CannotOpen);
  expect(await alarmsOf(secret.id)).toMatchObject([
    { actorName: "Uri User", details: { field: "password" } },
  ]);

  const other = await createTestFabric(owner, "without keys");
  const { id } = await addTestSecret(owner, other, urls.webUrl, {
    id: "lost",
    subKind: "text",
    versions: [{ by: "user", fields: { value: "v" } }],
  });
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: "x", createdByName: "x" };
  await owner.pipelineToken.create({ data: { fabricId: other.fabricId, name: "n", tokenHash, ...by } });
  await owner.fabricKey.updateMany({ where: { fabricId: other.fabricId }, data: { wrappedKey: "lost" } });
  const lost = createRuntimeApp({ keys: other.keys, logger: false });
  const request = { url: `/vault/v1/${other.fabricId}/data/${id}`, headers: { "x-vault-token": token } };
  expect((await lost.inject(request)).statusCode).toBe(500);
  expect(await alarmsOf(id)).toMatchObject([{ fabricId: other.fabricId, details: { field: "value" } }]);
  await lost.close();
});

test("an Auth URL that differs from the host in its secret's metadata raises the alarm too", async () => {
  const fields = {
    clientId: "c",
    clientSecret: "canary-91d7",
    authUrl: "https://elsewhere.example.com/token",
  };
  const secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id: "client",
    subKind: "m2m_oauth",
    versions: [{ by: "user", fields }],
    metadata: { authHost: "idp.example.com:443" },
  });
  const destination = "oauth-token://idp.example.com:443";
  await owner.allowedDestination.create({
    data: {
      fabricId: fabric.fabricId,
      secretId: secret.id,
      version: 1,
      destination,
      createdById: "x",
      createdByName: "x",
    },
  });
  const answer = await app.inject({ method: "POST", url: "/v1/secrets/client/token", headers });
  expect([answer.statusCode, answer.json().error.code]).toEqual([500, "cannot_open"]);
  expect(await alarmsOf("client")).toMatchObject([{ details: { code: "cannot_open", field: "authUrl" } }]);
  expect(logged).toHaveLength(1);
});
