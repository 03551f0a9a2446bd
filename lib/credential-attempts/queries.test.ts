import { afterAll, beforeAll, expect, test } from "vitest";
import { listPausedAttempts } from "@/lib/credential-attempts/queries";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

async function addSecret(id: string, enteredAt: Date) {
  const { fabricId, user } = fabric;
  const creator = { createdById: user.id, createdByName: user.name };
  const updated = { updatedById: user.id, updatedByName: user.name };
  const name = { name: id, nameKey: id };
  await owner.secret.create({ data: { id, fabricId, ...name, subKind: "text", ...creator, ...updated } });
  await owner.secretVersion.create({
    data: {
      secretId: id,
      version: 1,
      fabricId,
      manifest: {},
      metadata: {},
      createdAt: enteredAt,
      ...creator,
    },
  });
}

async function refuse(key: string, secretIds: string[], destination: string, ...ago: number[]) {
  const rows = ago.map((minutes) => ({
    key,
    fabricId: fabric.fabricId,
    secretIds,
    endpoint: destination,
    startedAt: minutesAgo(minutes),
    refusedAt: minutesAgo(minutes),
  }));
  await owner.signInAttempt.createMany({ data: rows });
}

test("web lists the paused sign-ins of a secret by destination, only in its own fabric", async () => {
  await addSecret("s1", minutesAgo(60));
  await refuse("a", ["s1"], "sftp://files:22", 5, 1);
  await refuse("b", ["s1", "s2"], "https://api:443", 20, 1);
  await refuse("c", ["s2"], "https://other:443", 2, 1);
  // Another user name at the same destination, refused later.
  await refuse("d", ["s1"], "sftp://files:22", 1, 0);
  const paused = await listPausedAttempts(fabric.scope("user", "secret:list"), "s1");
  expect(paused).toEqual([{ destination: "sftp://files:22", until: expect.any(Date) }]);
  expect(Math.round(((paused[0]?.until.getTime() ?? 0) - Date.now()) / 60_000)).toBe(14);
  expect(await listPausedAttempts(other.scope("user", "secret:list"), "s1")).toEqual([]);
});

test("automate may try a newly entered value at once", async () => {
  await addSecret("s3", minutesAgo(2));
  await refuse("e", ["s3"], "sftp://files:22", 5, 4);
  expect(await listPausedAttempts(fabric.scope("user", "secret:list"), "s3")).toEqual([]);
  await refuse("f", ["s3"], "sftp://files:22", 1, 1);
  expect(await listPausedAttempts(fabric.scope("user", "secret:list"), "s3")).toHaveLength(1);
});
