import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

let owner: Db;
let fabric: TestFabric;
let app: FastifyInstance;
let token: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: "login",
    subKind: "username_password",
    versions: [
      { by: "user", fields: { username: "svc", password: "one" } },
      { by: "user", fields: { password: "two" } },
      { by: "user", fields: { password: "three" } },
    ],
  });
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

async function read(version: string) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await app.inject({ url: `/v1/secrets/login?version=${version}`, headers });
  return { status: response.statusCode, tag: response.headers.etag, json: response.json() };
}

async function keep(formerVersions: number) {
  const where = { fabricId: fabric.fabricId };
  const set = { formerVersions, updatedByName: "Ada" };
  await owner.versionRule.upsert({ where, create: { ...where, ...set }, update: set });
}

test("a former version opens only within its fabric's limit, with the fields that it had", async () => {
  expect((await read("3")).json).toMatchObject({ version: 3, value: { username: "svc", password: "three" } });
  expect((await read("2")).status).toBe(404);
  expect(await owner.auditEvent.count({ where: { action: "secret.refuse", objectName: "login" } })).toBe(1);

  await keep(1);
  const former = await read("2");
  expect(former.json).toMatchObject({ version: 2, value: { username: "svc", password: "two" } });
  expect(former.tag).toContain("login.2");
  expect((await read("1")).status).toBe(404);
  const used = await owner.auditEvent.findMany({ where: { action: "secret.use" }, orderBy: { id: "asc" } });
  expect(used.map(({ details }) => (details as { version: number }).version)).toEqual([3, 2]);

  await keep(5);
  expect((await read("1")).json.value).toEqual({ username: "svc", password: "one" });
  expect((await read("4")).status).toBe(404);
  for (const odd of ["0", "-1", "x", "1.0"]) expect((await read(odd)).status, odd).toBe(400);
});
