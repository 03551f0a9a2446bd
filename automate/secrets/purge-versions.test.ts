import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { purgeFormerVersions, rangesOf } from "@/automate/secrets/purge-versions";
import { settleVersion } from "@/automate/secrets/settle-version";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let app: FastifyInstance;
let token: string;
let counter = 0;
let id: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

beforeEach(async () => {
  await owner.versionRule.deleteMany();
  counter += 1;
  id = `login${counter}`;
  await addTestSecret(owner, fabric, urls.webUrl, {
    id,
    subKind: "username_password",
    versions: [
      { by: "admin", fields: { username: "svc", password: "one" } },
      { by: "user", fields: { password: "two" } },
      { by: "user", fields: { password: "three" } },
      { by: "user", fields: { password: "four" } },
    ],
  });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

/** Dates the versions back: version `n` was stored this many hours ago. */
async function age(hours: readonly number[]): Promise<void> {
  for (const [index, each] of hours.entries())
    await owner.$executeRaw`
      UPDATE secret_version SET "createdAt" = now() - make_interval(mins => ${Math.round(each * 60)}::int)
      WHERE "secretId" = ${id} AND version = ${index + 1}`;
}

async function keep(formerVersions: number, hoursAgo: number) {
  const set = { formerVersions, updatedByName: "Ada", updatedAt: new Date(Date.now() - hoursAgo * 3600_000) };
  const { fabricId } = fabric;
  await owner.versionRule.upsert({ where: { fabricId }, create: { fabricId, ...set }, update: set });
}

async function left() {
  const where = { secretId: id };
  const values = await owner.secretField.findMany({ where, orderBy: [{ version: "asc" }, { field: "asc" }] });
  const versions = await owner.secretVersion.findMany({ where, orderBy: { version: "asc" } });
  return {
    values: values.map(({ field, version }) => `${field} ${version}`),
    versions: versions.map(({ version, purgedAt }) => (purgedAt ? `${version} purged` : `${version}`)),
  };
}

async function read(version?: number) {
  const url = `/v1/secrets/${id}${version === undefined ? "" : `?version=${version}`}`;
  const answer = await app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  return { status: answer.statusCode, value: answer.json().value, tag: answer.headers.etag };
}

const all = ["password 1", "username 1", "password 2", "password 3", "password 4"];

test("former values stay for a day after they were replaced, and then go, but for what the current value uses", async () => {
  const { tag } = await read();
  await age([90, 60, 30, 23.9]);
  await purgeFormerVersions();
  // Version 3 was current until 23.9 hours ago, version 2 until 30 hours ago.
  expect(await left()).toEqual({
    values: ["username 1", "password 3", "password 4"],
    versions: ["1 purged", "3", "4"],
  });
  await age([90, 60, 30, 24.1]);
  await purgeFormerVersions();
  expect(await left()).toEqual({ values: ["username 1", "password 4"], versions: ["1 purged", "4"] });
  expect(await read()).toEqual({ status: 200, value: { username: "svc", password: "four" }, tag });
});

test("nothing goes that is younger than a day, however often it was replaced", async () => {
  await age([23, 22, 21, 20]);
  await purgeFormerVersions();
  expect(await left()).toEqual({ values: all, versions: ["1", "2", "3", "4"] });
});

test("a fabric that keeps two former versions keeps two, readable with the values that they had", async () => {
  await keep(2, 48);
  await age([90, 80, 70, 60]);
  await purgeFormerVersions();
  expect(await left()).toEqual({
    values: ["username 1", "password 2", "password 3", "password 4"],
    versions: ["1 purged", "2", "3", "4"],
  });
  expect((await read(2)).value).toEqual({ username: "svc", password: "two" });
});

test("a lower number waits for a day too, and a higher one does not bring back what is purged", async () => {
  await keep(0, 23);
  await age([90, 80, 70, 60]);
  await purgeFormerVersions();
  expect((await left()).values).toEqual(all);
  await keep(0, 25);
  await purgeFormerVersions();
  await keep(10, 0);
  // Version 1 has a row still, and its user name is in use. It is not readable, and that is no alarm.
  for (const version of [1, 2, 3]) expect((await read(version)).status).toBe(404);
  expect(await owner.auditEvent.count({ where: { objectId: id, action: "secret.alarm" } })).toBe(0);
});

test("the user name of the first version goes once it is replaced too, and quotas count what is left", async () => {
  const kib = async () =>
    (await owner.secretVersion.findMany({ where: { secretId: id }, orderBy: { version: "asc" } })).map(
      ({ storedKib }) => storedKib,
    );
  await owner.secretVersion.updateMany({ where: { secretId: id, version: 1 }, data: { storedKib: 2 } });
  await age([90, 80, 70, 60]);
  await purgeFormerVersions();
  expect(await kib()).toEqual([1, 1]);
  const sealed = await owner.secretField.findFirstOrThrow({ where: { secretId: id, version: 4 } });
  await owner.secretVersion.create({
    data: {
      secretId: id,
      version: 5,
      fabricId: fabric.fabricId,
      manifest: { username: 5, password: 5 },
      metadata: {},
      createdById: "u",
      createdByName: "U",
      createdAt: new Date(Date.now() - 25 * 3600_000),
    },
  });
  await owner.secretField.createMany({
    data: ["username", "password"].map((field) => ({ ...sealed, sealed: "sealed", field, version: 5 })),
  });
  await purgeFormerVersions();
  expect(await left()).toEqual({ values: ["password 5", "username 5"], versions: ["1 purged", "5"] });
  expect(await kib()).toEqual([0, 1]);
});

test("one event per secret names the purged versions, and two copies of automate record it once", async () => {
  await age([90, 80, 70, 60]);
  await Promise.all([purgeFormerVersions(), purgeFormerVersions()]);
  await purgeFormerVersions();
  const events = await owner.auditEvent.findMany({ where: { objectId: id, action: "secret.version.purge" } });
  expect(events.map(({ details, actorId }) => ({ details, actorId }))).toEqual([
    { details: { versions: ["1–3"] }, actorId: "automate" },
  ]);
});

test("the event of a purge names versions as ranges", () => {
  expect(rangesOf([])).toEqual([]);
  expect(rangesOf([1, 3, 4, 5, 9, 10])).toEqual(["1", "3–5", "9–10"]);
});

test("a value that nobody settled yet keeps the destinations that its author chose, before the former ones go", async () => {
  const { fabricId, user } = fabric;
  const destination = "https://api.example.com:443";
  const by = { fabricId, secretId: id, createdById: user.id, createdByName: user.name };
  await settleVersion(fabricId, id);
  const allowed = await owner.allowedDestination.create({ data: { ...by, version: 4, destination } });
  await owner.destinationRequest.create({
    data: {
      fabricId,
      secretId: id,
      version: 2,
      destinations: [destination],
      connectionName: "c",
      configHash: "h",
      reason: "",
      askedById: "u",
      askedByName: "U",
    },
  });
  const sealed = await owner.secretField.findFirstOrThrow({ where: { secretId: id, version: 4 } });
  await owner.secretVersion.create({
    data: {
      secretId: id,
      version: 5,
      fabricId,
      manifest: { username: 5, password: 5 },
      metadata: {},
      keeps: [allowed.id],
      createdById: user.id,
      createdByName: user.name,
    },
  });
  await owner.secretField.createMany({
    data: ["username", "password"].map((field) => ({ ...sealed, sealed: "sealed", field, version: 5 })),
  });
  await age([90, 80, 70, 60, 30]);
  await purgeFormerVersions();
  const where = { secretId: id };
  const order = { version: "asc" } as const;
  const allowances = await owner.allowedDestination.findMany({ where, orderBy: order });
  // The first one says who allowed it, and that its value was not entered by one person alone.
  expect(allowances.map(({ version }) => version)).toEqual([4, 5]);
  expect((await left()).versions).toEqual(["1 purged", "4 purged", "5"]);
  expect((await left()).values).toEqual(["password 5", "username 5"]);
  expect(await owner.destinationRequest.count({ where })).toBe(0);
  const settled = await owner.settledVersion.findMany({ where, orderBy: order });
  expect(settled.map(({ version }) => version)).toEqual([5]);
});

test("a purge and a new rule wait for each other", async () => {
  await age([90, 80, 70, 60]);
  let running = Promise.resolve();
  await owner.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`versions ${fabric.fabricId}`}, 0))`;
    running = purgeFormerVersions();
    await tx.versionRule.create({
      data: { fabricId: fabric.fabricId, formerVersions: 10, updatedByName: "Ada" },
    });
  });
  await running;
  expect((await left()).values).toEqual(all);
});
