import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { grant } from "@/lib/access/scope";
import { createConnection } from "@/lib/connections/mutations";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { listNearlyUsed } from "@/lib/quotas/estimate";
import { inlineSecret } from "@/lib/secrets/inline";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { replaceSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, existing, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, {
    QUOTA_SECRETS_PER_FABRIC: "10",
    QUOTA_CONNECTIONS_PER_FABRIC: "3",
    QUOTA_STORED_MIB_PER_FABRIC: "2",
    QUOTA_STORED_MIB_PER_TEAM: "3",
  });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const text = (value = "v") => ({
  subKind: "text" as const,
  name: randomUUID(),
  description: "",
  fields: { value },
});
const write = (of = fabric) => of.scope("user", "secret:write");
const create = (value?: string, of = fabric) => createSecret(write(of), text(value));
const connection = (name: string) => ({
  kind: "restapi",
  name,
  description: "",
  properties: { baseUrl: "https://api.example.com" },
});
const secretsExceeded =
  "This fabric may have 10 secrets, and this would exceed it. Delete secrets that nothing uses, or ask an operator of Selvage to raise QUOTA_SECRETS_PER_FABRIC.";

test("thirty creates at once do not exceed a fabric's secrets, and the refusal says which limit and what to do", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => create()));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  expect(await owner.secret.count({ where: { fabricId: fabric.fabricId } })).toBe(10);
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(new Set(refused.map(({ name, message }) => `${name}: ${message}`))).toEqual(
    new Set([`QuotaExceeded: ${secretsExceeded}`]),
  );
});

test("a refused create stores nothing and records no event, and a deleted secret makes room", async () => {
  const created = [];
  for (let i = 0; i < 10; i++) created.push(await create());
  const events = () => owner.auditEvent.count({ where: { fabricId: fabric.fabricId } });
  const before = await events();
  await expect(create()).rejects.toThrow(secretsExceeded);
  expect([await events(), await owner.secretVersion.count({ where: { fabricId: fabric.fabricId } })]).toEqual(
    [before, 10],
  );
  const [first] = created;
  if (!first?.ok) throw new Error("not created");
  await deleteSecret(fabric.scope("user", "secret:delete:own"), { secretId: first.value.id });
  expect((await create()).ok).toBe(true);
});

test("another fabric is not affected", async () => {
  for (let i = 0; i < 10; i++) await create();
  expect((await create("v", await createTestFabric(owner, "other"))).ok).toBe(true);
});

test("a secret that a connection brings along counts, and its refusal stores no connection either", async () => {
  for (let i = 0; i < 10; i++) await create();
  const scope = fabric.scope("user", "connection:write");
  const own = await inlineSecret(write(), { connectionName: "orders", value: "v" });
  await expect(createConnection(scope, connection("orders"), { before: own.before })).rejects.toThrow(
    secretsExceeded,
  );
  expect(await owner.connection.count({ where: { fabricId: fabric.fabricId } })).toBe(0);
});

test("ten connections created at once do not exceed a fabric's connections", async () => {
  const scope = fabric.scope("user", "connection:write");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => createConnection(scope, connection(`orders ${i}`))),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  expect(await owner.connection.count({ where: { fabricId: fabric.fabricId } })).toBe(3);
});

const mebibyte = 1024 * 1024;
const file = (bytes: number) => ({
  subKind: "binary" as const,
  name: randomUUID(),
  description: "",
  fileName: "a.bin",
  fields: { value: new Uint8Array(bytes) },
});

test("the stored values of a fabric are limited with their former values, and those of a team over its fabrics", async () => {
  const created = await createSecret(write(), file(mebibyte / 2));
  if (!created.ok) throw new Error("not created");
  const replace = (version: number) =>
    replaceSecret(write(), {
      secretId: created.value.id,
      subKind: "binary",
      expectedVersion: version,
      fileName: "a.bin",
      fields: { value: new Uint8Array(mebibyte / 2) },
      destinationIds: [],
    });
  // Sealed, each takes two thirds of a mebibyte.
  expect((await replace(1)).ok).toBe(true);
  await expect(replace(2)).rejects.toThrow(/^This fabric may have 2 MiB of stored values/);
  expect(await owner.secretVersion.count({ where: { secretId: created.value.id } })).toBe(2);
  expect(await listNearlyUsed(fabric, ["storedByFabric"])).toEqual([]);

  const { fabricId } = await createTestFabric(owner, "sister");
  const { teamId } = fabric;
  await owner.fabric.update({ where: { id: fabricId }, data: { teamId } });
  const inSister = grant(fabric.user, "user", { id: fabricId, teamId, ...existing }, "secret:write");
  for (let i = 0; i < 2; i++) await createSecret(inSister, file(mebibyte / 2));
  await expect(createSecret(inSister, file(mebibyte / 4))).rejects.toThrow(
    /^This team may have 3 MiB of stored values/,
  );
  expect((await createSecret(inSister, text())).ok).toBe(true);
});

test("a limit is told from 90 percent on", async () => {
  const told = async () =>
    (await listNearlyUsed(fabric, ["secrets", "connections"])).map(({ quota, used }) => [quota, used]);
  for (let i = 0; i < 8; i++) await create();
  expect(await told()).toEqual([]);
  await create();
  expect(await told()).toEqual([["secrets", 9]]);
});
