import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { noteSent, storeReaders } from "@/automate/secrets/readers";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

const canary = "canary-5be1f2";
let owner: Db;
let webUrl: string;
let fabric: TestFabric;
let app: FastifyInstance;
let token: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  webUrl = urls.webUrl;
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://automate.test" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  const created = newPipelineToken();
  token = created.token;
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({
    data: { id: "nightly", fabricId, name: "Nightly", tokenHash: created.tokenHash, ...by },
  });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

let count = 0;
let id: string;

beforeEach(async () => {
  count += 1;
  id = `orders_${count}`;
  await addTestSecret(owner, fabric, webUrl, {
    id,
    subKind: "text",
    versions: [{ by: "user", fields: { value: canary } }],
  });
});

const headers = () => ({ authorization: `Bearer ${token}` });
const get = async (path: string, more: Record<string, string> = {}) =>
  (await app.inject({ url: path, headers: { ...headers(), ...more } })).statusCode;

/** The stored readers of the test's secret: who, how, which version and how often. */
async function stored(): Promise<string[]> {
  const rows = await owner.secretReader.findMany({ where: { secretId: id } });
  return rows
    .map(
      ({ readerId, readerName, connection, name, lastVersion, reads }) =>
        `${readerName} (${readerId}) ${connection ? `through ${connection}` : `as ${name}`}: version ${lastVersion}, ${reads} reads`,
    )
    .sort();
}

async function addConnection(name: string): Promise<void> {
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const properties = { server: "db.example.com", port: "5432", database: "sales", username: "svc" };
  const row = { id: name, fabricId, name, nameKey: name.toLowerCase(), kind: "postgres", configHash: name };
  await owner.connection.create({ data: { ...row, properties, ...by } });
  await owner.connectionSecret.create({
    data: { connectionId: name, field: "password", secretId: id, fabricId },
  });
  const allowed = { createdById: user.id, createdByName: user.name };
  await owner.allowedDestination.create({
    data: {
      fabricId,
      secretId: id,
      version: 1,
      destination: "postgres://db.example.com:5432?tls=verify-full",
      ...allowed,
    },
  });
}

test("each way to receive a secret is stored: by its name, a former name, in a batch, unchanged, in the Vault dialect, through a connection", async () => {
  const { fabricId } = fabric;
  await owner.secretName.create({
    data: {
      fabricId,
      name: `Old_${id}`,
      nameKey: `old_${id}`,
      secretId: id,
      retiredAt: new Date(),
    },
  });
  await addConnection(`Sales ${count}`);
  const connection = `/v1/connections/${encodeURIComponent(`Sales ${count}`)}`;
  const tag = (await app.inject({ url: connection, headers: headers() })).headers.etag;

  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  expect(await get(`/v1/secrets/${id.toUpperCase()}`, { "if-none-match": `W/"${id}.1"` })).toBe(304);
  expect(await get(`/v1/secrets/old_${id}`)).toBe(200);
  const payload = { names: [id] };
  const batch = await app.inject({ method: "POST", url: "/v1/secrets:batch", payload, headers: headers() });
  expect(batch.statusCode).toBe(200);
  expect(await get(`/vault/v1/${fabric.fabricId}/data/${id}`)).toBe(200);
  expect(await get(connection, { "if-none-match": String(tag) })).toBe(304);
  await storeReaders();

  expect(await stored()).toEqual([
    `Nightly (nightly) as Old_${id}: version 1, 1 reads`,
    `Nightly (nightly) as ${id}: version 1, 4 reads`,
    `Nightly (nightly) through Sales ${count}: version 1, 2 reads`,
  ]);
});

test("a refused read is not stored", async () => {
  const answer = await app.inject({
    method: "POST",
    url: "/v1/secrets:batch",
    payload: { names: [id, "missing"] },
    headers: headers(),
  });
  expect(answer.statusCode).toBe(404);
  await storeReaders();
  expect(await stored()).toEqual([]);
});

test("the first read and a changed version are stored at once, repeated reads once a minute", async () => {
  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await vi.waitFor(async () => expect(await stored()).toHaveLength(1), 10_000);
  const row = () => owner.secretReader.findFirstOrThrow({ where: { secretId: id } });
  expect(Date.now() - (await row()).lastReadAt.getTime()).toBeLessThan(10_000);

  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  const { fabricId, user } = fabric;
  // Another secret's first read is stored meanwhile; the repeated read of this one waits.
  const first = { id: `another_${count}`, subKind: "text" };
  await addTestSecret(owner, fabric, webUrl, {
    ...first,
    versions: [{ by: "user", fields: { value: canary } }],
  });
  expect(await get(`/v1/secrets/another_${count}`)).toBe(200);
  await expect.poll(() => owner.secretReader.count({ where: { secretId: first.id } })).toBe(1);
  expect((await row()).reads).toBe(1n);

  const by = { createdById: user.id, createdByName: user.name };
  await owner.secretVersion.create({
    data: { secretId: id, version: 2, fabricId, manifest: { value: 1 }, metadata: {}, ...by },
  });
  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await expect.poll(stored).toEqual([`Nightly (nightly) as ${id}: version 2, 3 reads`]);
});

test("a read of an older version that is stored late does not replace the newest one", async () => {
  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await storeReaders();
  // Another automate, which knows the newer version, stored its read first.
  const newest = { lastVersion: 2, lastReadAt: new Date(Date.now() + 60_000) };
  await owner.secretReader.updateMany({ where: { secretId: id }, data: newest });
  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await storeReaders();
  expect(await owner.secretReader.findFirst({ where: { secretId: id } })).toMatchObject({
    ...newest,
    reads: 2n,
  });
});

test("a pipeline reads while readers cannot be stored; they are stored later", async () => {
  await owner.$executeRaw`ALTER TABLE secret_reader RENAME TO hidden`;
  try {
    expect(await get(`/v1/secrets/${id}`)).toBe(200);
    await expect(storeReaders()).rejects.toThrow();
  } finally {
    await owner.$executeRaw`ALTER TABLE hidden RENAME TO secret_reader`;
  }
  await storeReaders();
  expect(await stored()).toEqual([`Nightly (nightly) as ${id}: version 1, 1 reads`]);
});

test("a secret that is purged before its reader is stored does not keep others from being stored", async () => {
  const purged = `purged_${count}`;
  await addTestSecret(owner, fabric, webUrl, {
    id: purged,
    subKind: "text",
    versions: [{ by: "user", fields: { value: canary } }],
  });
  expect([await get(`/v1/secrets/${purged}`), await get(`/v1/secrets/${id}`)]).toEqual([200, 200]);
  await owner.secret.delete({ where: { id: purged } });
  await storeReaders();
  expect(await stored()).toHaveLength(1);
});

/** When the test's secret was last used, in seconds ago; null for never. */
async function usedSecondsAgo(secretId = id): Promise<number | null> {
  const use = await owner.secretUse.findUnique({ where: { secretId } });
  return use?.isUsed ? Math.round((Date.now() - use.idleSince.getTime()) / 1000) : null;
}

test("reads are counted by day, and the last of them is the secret's last use", async () => {
  expect(await usedSecondsAgo()).toBeNull();
  for (let n = 0; n < 3; n += 1) expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await addConnection(`Days ${count}`);
  expect(await get(`/v1/connections/${encodeURIComponent(`Days ${count}`)}`)).toBe(200);
  await storeReaders();
  const days = () => owner.secretReadDay.findMany({ where: { secretId: id }, select: { reads: true } });
  expect(await days()).toEqual([{ reads: 4n }]);
  expect(await usedSecondsAgo()).toBeLessThan(30);
  expect(
    await owner.secretReader.findMany({ where: { secretId: id, connectionId: { not: "" } } }),
  ).toMatchObject([{ connectionId: `Days ${count}`, reads: 1n }]);
  // Another copy of automate noted a later use, which an earlier one does not replace.
  const later = new Date(Date.now() + 60_000);
  await owner.secretUse.update({ where: { secretId: id }, data: { idleSince: later } });
  expect(await get(`/v1/secrets/${id}`)).toBe(200);
  await storeReaders();
  expect(await days()).toEqual([{ reads: 5n }]);
  expect(await owner.secretUse.findUnique({ where: { secretId: id } })).toMatchObject({ idleSince: later });
  const { firstReadAt, lastReadAt } = await owner.secretReader.findFirstOrThrow({
    where: { secretId: id, connection: "" },
  });
  expect(firstReadAt?.getTime()).toBeLessThan(lastReadAt.getTime());
});

test("a secret that a check sent is used, without a read", async () => {
  noteSent([{ id, fabricId: fabric.fabricId }]);
  await storeReaders();
  expect(await usedSecondsAgo()).toBeLessThan(30);
  expect(await owner.secretReadDay.count({ where: { secretId: id } })).toBe(0);
  expect(await stored()).toEqual([]);
});
