import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { claimRotation } from "@/automate/keys/key-rotation";
import { type Reseal, rotateFabricKey, startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { openSecrets } from "@/automate/secrets/open-secret";
import { reseal } from "@/automate/secrets/reseal";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

/* A stored value changes under its former key, after a rotation read it and before it stores what it resealed. */

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let target: string;
let read: () => Promise<string | undefined>;
/** Another value for the same position, sealed to the former key. */
let other: string;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
});

beforeEach(async () => {
  await owner.keyRotation.deleteMany();
  fabric = await createTestFabric(owner, "rotated");
  const { fabricId } = fabric;
  const secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id: `secret-${fabricId}`,
    subKind: "text",
    versions: [{ by: "user", fields: { value: "canary" } }],
  });
  read = async () => {
    const scope = fabric.scope("pipeline", "secret:use");
    const openings = [{ secret, fields: ["value"] }];
    const [opened] = await openSecrets(fabric.keys, {
      for: "pipeline",
      scope,
      source: "127.0.0.1",
      openings,
    });
    return opened?.value?.revealText();
  };
  process.env.WEB_DATABASE_URL = urls.webUrl;
  const former = await sealingKey(fabricId, owner);
  delete process.env.WEB_DATABASE_URL;
  const context = { secretId: secret.id, subKind: secret.subKind, version: 1 };
  const [sealed] = await sealFields(former, context, { value: "other canary" });
  other = sealed?.sealed ?? "";
  const pair = await fabric.keys.newPair(fabricId);
  target = pair.kid;
  await db.$transaction((tx) => startFabricRotation(tx, pair, fabric.admin));
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const store = (sealed: string) =>
  owner.secretField.updateMany({ where: { fabricId: fabric.fabricId }, data: { sealed } });

async function step(through: Reseal = reseal) {
  await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
  const claimed = await claimRotation("");
  return claimed ? rotateFabricKey(claimed, { keys: fabric.keys, reseal: through }, 0) : null;
}

const changing: Reseal = async (...batch) => {
  const resealed = await reseal(...batch);
  await store(other);
  return resealed;
};

async function expectOtherUnderTarget() {
  expect(await read()).toBe("other canary");
  expect(await owner.secretField.findMany({ where: { fabricId: fabric.fabricId } })).toMatchObject([
    { kid: target },
  ]);
  const where = { fabricId: fabric.fabricId };
  expect(await owner.keyRotation.findFirst({ where })).toMatchObject({ done: 1, unopened: 0, total: 1 });
}

test("the changed value is not overwritten, and the next batch reseals it", async () => {
  expect(await step(changing)).toBe("worked");
  expect(await read()).toBe("other canary");
  expect(await step()).toBe("worked");
  await expectOtherUnderTarget();
});

test("a damaged value that was replaced is not listed as one that does not open", async () => {
  await store("damaged");
  expect(await step(changing)).toBe("worked");
  expect(await owner.unopenedValue.count()).toBe(0);
  expect(await step()).toBe("worked");
  await expectOtherUnderTarget();
});
