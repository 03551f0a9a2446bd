import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp, createVaultApp } from "@/automate/app";
import { purge } from "@/automate/purge";
import { maxTrashedConnections, purgeTrash } from "@/automate/trash/purge-trash";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { AutomateBody } from "@/lib/internal-api/contract";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
let owner: Db;
let urls: TestDatabase;
let runtime: FastifyInstance;
let vault: FastifyInstance;
let internal: FastifyInstance;
let webKey: string;
let fabric: TestFabric;
let secretId: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, { AUTOMATE_URL: automateUrl });
  owner = createDb(urls.ownerUrl);
  const { keys } = await createTestFabric(owner, "keys");
  runtime = createRuntimeApp({ keys, logger: false });
  vault = createVaultApp({ keys, logger: false });
  const noCheck = () => Promise.reject(new Error("No check runs here."));
  internal = createInternalApp({ keys, reach: noCheck, runPrepared: noCheck, logger: false });
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
  secretId = `warehouse-${fabric.fabricId}`;
  await addTestSecret(owner, fabric, urls.webUrl, {
    ...{ id: secretId, name: "Warehouse", subKind: "text" },
    versions: [{ by: "admin", fields: { value: "canary-71bd02" } }],
  });
});

afterAll(async () => {
  await Promise.all([runtime.close(), vault.close(), internal.close()]);
  await owner.$disconnect();
  await closeDb();
});

const by = () => ({ deletedById: fabric.admin.id, deletedByName: fabric.admin.name });
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

/** Deletes the secret as web does, some days ago. */
async function trashSecret(days: number): Promise<void> {
  await owner.secret.update({ where: { id: secretId }, data: { deletedAt: daysAgo(days) } });
  const { fabricId } = fabric;
  await owner.trashedSecret.create({ data: { secretId, fabricId, deletedAt: daysAgo(days), ...by() } });
}

async function trashConnection(days: number, name = "Orders"): Promise<string> {
  const { fabricId, admin } = fabric;
  const id = `${name}-${fabricId}`;
  const at = daysAgo(days);
  await owner.trashedConnection.create({
    data: {
      ...{ id, fabricId, name, nameKey: name.toLowerCase(), kind: "postgres", properties: {} },
      ...{ configHash: id, placedAt: at, createdAt: at, createdById: admin.id, createdByName: admin.name },
      ...{ deletedAt: at, ...by() },
      secrets: { create: { field: "password", secretId } },
    },
  });
  return id;
}

const isThere = async () => (await owner.secret.count({ where: { id: secretId } })) === 1;
const values = () => owner.secretField.count({ where: { secretId } });
const purges = async () =>
  (
    await owner.auditEvent.findMany({
      where: { fabricId: fabric.fabricId, action: { endsWith: ".purge" } },
      orderBy: { id: "asc" },
    })
  ).map(({ action, objectName, actorName }) => `${actorName} ${action} ${objectName}`);

describe("the purge", () => {
  test("leaves a secret in the trash for seven days, and then destroys its values, once and on record", async () => {
    await trashSecret(6.99);
    await purge();
    expect([await isThere(), await values()]).toEqual([true, 1]);
    await owner.trashedSecret.update({ where: { secretId }, data: { deletedAt: daysAgo(7.01) } });
    await Promise.all([purgeTrash(), purgeTrash()]);
    expect([await isThere(), await values()]).toEqual([false, 0]);
    expect(await purges()).toEqual(["Automate secret.purge Warehouse"]);
  });

  test("gives a secret that was deleted without a date its whole time, whatever time web's login stated", async () => {
    await owner.secret.update({ where: { id: secretId }, data: { deletedAt: daysAgo(1000) } });
    await purgeTrash();
    expect(await values()).toBe(1);
    const { deletedAt } = await owner.trashedSecret.findUniqueOrThrow({ where: { secretId } });
    expect(Math.abs(Date.now() - deletedAt.getTime())).toBeLessThan(60_000);
  });

  test("does not touch a secret that is not deleted, even if a row says that it is in the trash", async () => {
    await trashSecret(30);
    await owner.secret.update({ where: { id: secretId }, data: { deletedAt: null } });
    await purgeTrash();
    expect(await values()).toBe(1);
    expect(await purges()).toEqual([]);
  });

  test("gives a secret its whole time that web's login dated before it deleted it", async () => {
    await trashSecret(6.9);
    await owner.secret.update({ where: { id: secretId }, data: { deletedAt: null } });
    await purgeTrash();
    await owner.secret.update({ where: { id: secretId }, data: { deletedAt: new Date() } });
    await purgeTrash();
    const { deletedAt } = await owner.trashedSecret.findUniqueOrThrow({ where: { secretId } });
    expect(Math.abs(Date.now() - deletedAt.getTime())).toBeLessThan(60_000);
  });

  test("leaves out secrets that another copy purges at the same time, and does the rest", async () => {
    // An earlier version deleted it, and noted no use and no date.
    await owner.secretUse.deleteMany({ where: { secretId } });
    await owner.secret.update({ where: { id: secretId }, data: { deletedAt: new Date() } });
    await owner.$transaction(async (tx) => {
      await tx.secret.delete({ where: { id: secretId } });
      await purge();
    });
    expect(await isThere()).toBe(false);
  });

  test("keeps a secret while a connection in the trash references it", async () => {
    await trashSecret(8);
    const connection = await trashConnection(6);
    await purgeTrash();
    expect(await values()).toBe(1);
    await owner.trashedConnection.update({ where: { id: connection }, data: { deletedAt: daysAgo(8) } });
    await purgeTrash();
    expect(await values()).toBe(0);
    expect(await purges()).toEqual(["Automate connection.purge Orders", "Automate secret.purge Warehouse"]);
  });

  test("bounds the connections in the trash of a fabric: the oldest are purged first", async () => {
    const { fabricId, admin } = fabric;
    await owner.$executeRaw`
      INSERT INTO trashed_connection (id, "fabricId", name, "nameKey", kind, properties, "configHash", "placedAt", "createdAt",
        "createdById", "createdByName", "deletedAt", "deletedById", "deletedByName")
      SELECT ${fabricId} || n, ${fabricId}, 'c' || n, 'c' || n, 'postgres', '{}', 'h', now(), now(),
        ${admin.id}, 'Ada', now() - make_interval(mins => n), ${admin.id}, 'Ada'
      FROM generate_series(1, ${maxTrashedConnections + 2}::int) n`;
    await purgeTrash();
    const left = await owner.trashedConnection.findMany({ where: { fabricId }, select: { name: true } });
    expect(left).toHaveLength(maxTrashedConnections);
    expect(left).not.toContainEqual({ name: `c${maxTrashedConnections + 1}` });
  });

  test("of a deleted fabric takes its trash along", async () => {
    const { fabricId, admin } = fabric;
    await trashSecret(1);
    await trashConnection(1);
    const requested = { requestedById: admin.id, requestedByName: admin.name, destroyAt: daysAgo(1) };
    await owner.fabricDeletion.create({ data: { fabricId, ...requested } });
    await purge();
    expect(await owner.fabric.count({ where: { id: fabricId } })).toBe(0);
    expect(await owner.trashedConnection.count({ where: { fabricId } })).toBe(0);
  });
});

describe("an Admin with a recent sign-in", () => {
  async function ask(body: AutomateBody<"trash:purge">, role: "admin" | "user" = "admin") {
    const by = { userId: fabric[role].id, fabricId: fabric.fabricId };
    const request = await signRequest({ automateUrl, signingKey: webKey }, by, "trash:purge", body);
    const answer = await internal.inject({
      ...{ method: "POST", url: new URL(request.url).pathname },
      headers: Object.fromEntries(request.headers),
      payload: await request.text(),
    });
    return [answer.statusCode, answer.json()];
  }

  test("purges a secret at once, after the connections in the trash that reference it", async () => {
    const secret = { type: "secret", id: secretId } as const;
    expect(await ask(secret)).toMatchObject([404, {}]);
    expect(await values()).toBe(1);
    await trashSecret(0);
    const id = await trashConnection(0);
    expect(await ask(secret, "user")).toMatchObject([403, {}]);
    expect(await ask(secret)).toEqual([200, { usedBy: ["Orders"] }]);
    expect(await values()).toBe(1);
    expect(await ask({ type: "connection", id })).toEqual([200, { id }]);
    expect(await ask(secret)).toEqual([200, { id: secretId }]);
    expect([await isThere(), await values()]).toEqual([false, 0]);
    expect(await purges()).toEqual(["Ada Admin connection.purge Orders", "Ada Admin secret.purge Warehouse"]);
  });
});

describe("a pipeline that reads something in the trash", () => {
  const made = newPipelineToken();

  async function addToken(limits: { secretIds: string[]; connectionIds: string[] } | null): Promise<void> {
    const { fabricId, admin } = fabric;
    await owner.pipelineToken.deleteMany({ where: { tokenHash: made.tokenHash } });
    const creator = { createdById: admin.id, createdByName: admin.name };
    await owner.pipelineToken.create({
      data: { fabricId, name: "nightly", tokenHash: made.tokenHash, ...creator, ...limits },
    });
  }

  async function get(url: string, payload?: object): Promise<[number, unknown]> {
    const headers = { authorization: `Bearer ${made.token}` };
    const answer = await runtime.inject({
      ...{ url, headers, method: payload ? "POST" : "GET" },
      ...(payload && { payload }),
    });
    return [answer.statusCode, answer.json().error];
  }

  const today = () => new Date().toISOString().slice(0, 10);
  const sentence = (what: string) =>
    `${what} was deleted on ${today()} and is in the trash. Restore it in Selvage, in Trash of its fabric.`;

  test("is told so, in each dialect, and the refusal names what it asked for", async () => {
    await trashSecret(0);
    const connection = await trashConnection(0);
    await addToken(null);
    const inTrash = { code: "in_trash", message: sentence("Secret “Warehouse”") };
    expect(await get("/v1/secrets/WAREHOUSE")).toEqual([404, inTrash]);
    expect(await get("/v1/secrets:batch", { names: ["Warehouse", "nothing"] })).toMatchObject([
      404,
      {
        errors: [
          { index: 0, name: "Warehouse", code: "in_trash" },
          { index: 1, name: "nothing", code: "not_found" },
        ],
      },
    ]);
    expect(await get("/v1/connections/orders")).toEqual([
      404,
      { code: "in_trash", message: sentence("Connection “Orders”") },
    ]);
    const read = await vault.inject({
      url: `/v1/${fabric.fabricId}/data/Warehouse`,
      headers: { "x-vault-token": made.token },
    });
    expect([read.statusCode, read.json().errors]).toEqual([404, [sentence("Secret “Warehouse”")]]);
    const refusals = await owner.auditEvent.findMany({
      where: { fabricId: fabric.fabricId, action: { endsWith: ".refuse" }, objectId: { not: "" } },
      orderBy: { id: "asc" },
    });
    expect(refusals.map(({ objectId, details }) => [objectId, (details as { code: string }).code])).toEqual([
      [secretId, "in_trash"],
      [connection, "in_trash"],
    ]);
  });

  test("which its token may not use, gets the answer for something that does not exist", async () => {
    await trashSecret(0);
    await trashConnection(0);
    await addToken({ secretIds: ["another"], connectionIds: ["another"] });
    for (const path of ["/v1/secrets/Warehouse", "/v1/connections/Orders"])
      expect(await get(path), path).toMatchObject([404, { code: "not_found" }]);
  });
});
