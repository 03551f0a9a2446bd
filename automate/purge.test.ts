import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { purge } from "@/automate/purge";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addManySecrets } from "@/testing/many-secrets";

let owner: Db;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 60 * 60_000);

test("a create by an Idempotency-Key is remembered for a day, and then deleted", async () => {
  const create = { bodyMac: "mac", objectId: "object" };
  await owner.idempotentCreate.createMany({
    data: [
      { ...create, key: "replayed", createdAt: hoursAgo(23.9) },
      { ...create, key: "old", createdAt: hoursAgo(25.1) },
    ],
  });
  await purge();
  expect(await owner.idempotentCreate.findMany({ select: { key: true } })).toEqual([{ key: "replayed" }]);
});

test("of the workloads of an issuer, the newest 1,000 readers of a secret are kept, and all of other tokens", async () => {
  const { fabricId } = await createTestFabric(owner, "crowded");
  await addManySecrets((text, values) => owner.$executeRawUnsafe(text, ...values), fabricId, 1);
  const { id: secretId } = await owner.secret.findFirstOrThrow({ where: { fabricId } });
  const reader = { secretId, fabricId, connection: "", name: "s", lastVersion: 1, reads: 1n };
  await owner.secretReader.createMany({
    data: [
      { ...reader, readerId: "token", readerName: "quarterly", lastReadAt: hoursAgo(99 * 24) },
      { ...reader, readerId: "token", readerName: "yearly", lastReadAt: hoursAgo(101 * 24) },
      ...Array.from({ length: 1_003 }, (_, i) => ({
        ...reader,
        readerId: "issuer",
        readerName: `job ${i}`,
        lastReadAt: hoursAgo(i),
      })),
    ],
  });
  await purge();
  const left = (
    await owner.secretReader.findMany({ where: { secretId }, orderBy: { lastReadAt: "desc" } })
  ).map(({ readerName }) => readerName);
  expect(left).toEqual([...Array.from({ length: 1_000 }, (_, i) => `job ${i}`), "quarterly"]);
});

test("days that no page shows and failing checks of no connection are deleted; a secret of an earlier web gets its use", async () => {
  const { fabricId, user } = await createTestFabric(owner, "uses");
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const id = uuidv7();
  const name = { name: "s", nameKey: "s" };
  const { createdAt } = await owner.secret.create({
    data: { id, fabricId, ...name, subKind: "text", ...by },
  });
  const days = [0, 29, 30].map((ago) => ({ secretId: id, day: hoursAgo(ago * 24), reads: 1n }));
  await owner.secretReadDay.createMany({ data: days });
  await owner.connection.create({
    data: {
      id: "c",
      fabricId,
      name: "c",
      nameKey: "c",
      kind: "postgres",
      properties: {},
      configHash: "saved",
      ...by,
    },
  });
  const failing = { fabricId, code: "unreachable", actorId: user.id };
  await owner.failingCheck.createMany({
    data: [
      { ...failing, configHash: "saved", checkedAt: hoursAgo(99) },
      { ...failing, configHash: "may be saved", checkedAt: hoursAgo(0.9) },
      { ...failing, configHash: "abandoned", checkedAt: hoursAgo(1.1) },
    ],
  });
  await purge();
  expect(await owner.secretReadDay.count({ where: { secretId: id } })).toBe(2);
  const left = await owner.failingCheck.findMany({ where: { fabricId }, orderBy: { checkedAt: "asc" } });
  expect(left.map(({ configHash }) => configHash)).toEqual(["saved", "may be saved"]);
  expect(await owner.secretUse.findUnique({ where: { secretId: id } })).toMatchObject({
    isUsed: false,
    idleSince: createdAt,
  });
});
