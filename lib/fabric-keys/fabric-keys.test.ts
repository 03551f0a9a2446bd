import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { getFabricKeys } from "@/lib/fabric-keys/queries";
import { Forbidden } from "@/lib/result";
import { createSecret } from "@/lib/secrets/mutations";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const get = () => getFabricKeys(fabric.scope("admin", "fabric-key:list"));

test("an Admin sees the keys with the values under each, and neither a wrapped key nor another fabric's", async () => {
  await createTestFabric(owner, "theirs");
  const { fabricId } = fabric;
  for (const name of ["one", "two"])
    await createSecret(fabric.scope("user", "secret:write"), {
      subKind: "text",
      name,
      description: "",
      fields: { value: "canary" },
    });
  const former = await owner.fabricKey.findFirstOrThrow({ where: { fabricId } });
  const { fingerprint } = fabric.keys.keyring.primary;
  const seenAt = new Date();
  await owner.masterKey.create({
    data: {
      ...{
        fingerprint,
        label: "main",
        provider: "local",
        keyName: "file",
        isPrimary: true,
        state: "enabled",
      },
      ...{ stateSince: seenAt, seenAt },
    },
  });
  const pair = await fabric.keys.newPair(fabricId);
  await owner.fabricKey.create({ data: { ...pair, createdById: "a", createdByName: "Ada" } });
  const masterKey = { label: "main", fingerprint };
  const detail = await get();
  expect(detail).toMatchObject({
    keys: [
      { kid: pair.kid, createdByName: "Ada", masterKey, values: 0, isNewest: true },
      { kid: former.kid, createdByName: "", masterKey, values: 2, isNewest: false },
    ],
    rotation: null,
  });
  expect(new Set(detail.keys.map((key) => key.fingerprint)).size).toBe(2);
  expect(JSON.stringify(detail)).not.toContain("wrapped");
});

test("an Admin sees the last rotation, its rate, and what it could not open", async () => {
  const { fabricId } = fabric;
  const by = { startedById: "a", startedByName: "Ada" };
  const startedAt = new Date(Date.now() - 60_000);
  await owner.keyRotation.create({
    data: { kind: "fabric", fabricId, target: "x", state: "done", total: 1, startedAt, ...by },
  });
  const { id } = await owner.keyRotation.create({
    data: { kind: "fabric", fabricId, target: "y", total: 3, done: 1, unopened: 1, runningMs: 500, ...by },
  });
  const value = await owner.secretField.findFirstOrThrow({
    where: { fabricId },
    select: { secretId: true, field: true, version: true },
  });
  await owner.unopenedValue.create({ data: { ...value, rotationId: id } });
  const { name } = await owner.secret.findUniqueOrThrow({ where: { id: value.secretId } });
  expect((await get()).rotation).toMatchObject({
    id,
    state: "running",
    done: 1,
    total: 3,
    unopened: 1,
    perSecond: 2,
    unopenedValues: [{ ...value, secretName: name, subKind: "text", isDeleted: false }],
  });
});

test("a User sees no keys", () => {
  expect(() => fabric.scope("user", "fabric-key:list")).toThrow(Forbidden);
});
