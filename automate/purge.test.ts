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
