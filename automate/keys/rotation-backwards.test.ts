import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { claimRotation } from "@/automate/keys/key-rotation";
import { rotateFabricKey, startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { reseal } from "@/automate/secrets/reseal";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

/* A private key has leaked, and its pair was rotated. Someone who writes to the database wants values under it again. */

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
});

beforeEach(async () => {
  await owner.keyRotation.deleteMany();
  fabric = await createTestFabric(owner, "rotated");
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: `secret-${fabric.fabricId}`,
    subKind: "text",
    versions: [{ by: "user", fields: { value: "canary" } }],
  });
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const ofFabric = () => ({ where: { fabricId: fabric.fabricId } });
const kidsInUse = async () => (await owner.secretField.findMany(ofFabric())).map(({ kid }) => kid);

async function start(): Promise<string> {
  const pair = await fabric.keys.newPair(fabric.fabricId);
  await db.$transaction((tx) => startFabricRotation(tx, pair, fabric.admin));
  return pair.kid;
}

async function step() {
  await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
  const claimed = await claimRotation("");
  return claimed ? rotateFabricKey(claimed, { keys: fabric.keys, reseal }, 0) : null;
}

test("a former pair that somebody puts back into the database seals nothing, and no rotation reseals to it", async () => {
  const former = await owner.fabricKey.findFirstOrThrow({
    ...ofFabric(),
    omit: { wrappedKey: false, wrappedPrivate: false },
  });
  const target = await start();
  expect(await step()).toBe("worked");
  expect(await step()).toBe("ended");
  expect(await kidsInUse()).toEqual([target]);

  await owner.fabricKey.create({ data: { ...former, createdAt: new Date(Date.now() + 1000) } });
  process.env.WEB_DATABASE_URL = urls.webUrl;
  expect((await sealingKey(fabric.fabricId, owner)).kid).toBe(target);
  delete process.env.WEB_DATABASE_URL;
  await owner.keyRotation.updateMany({ ...ofFabric(), data: { state: "running", target: former.kid } });
  await expect(step()).rejects.toThrow("older");
  expect(await kidsInUse()).toEqual([target]);
});

test("a pair is newer than the former ones also when automate's clock was set back", async () => {
  vi.setSystemTime(Date.now() - 60 * 60_000);
  const target = await start();
  vi.useRealTimers();
  expect(await step()).toBe("worked");
  expect(await kidsInUse()).toEqual([target]);
});
