import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createFabricKeys, type FabricKeys } from "@/automate/keys/fabric-keys";
import { startDueRotations } from "@/automate/keys/scheduled-rotations";
import { systemActor } from "@/lib/access/system-actor";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";
import { createKeyring } from "@/lib/kms/keyring";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createNextMasterKey } from "@/testing/next-master-key";

/* Six fabrics of a team whose key service is gone are due before the fabric of another team. */

let owner: Db;
let keys: FabricKeys;
let theirs: TestFabric;
let asked = 0;

beforeAll(async () => {
  const environment = await createTestKeys();
  Object.assign(process.env, environment.web, environment.automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
  const { former, next } = await createNextMasterKey();
  const ours = await createTestFabric(owner, "ours");
  const wrap = () => {
    asked += 1;
    return Promise.reject(new KeyServiceFault("unavailable", "gone"));
  };
  const gone = { ...next, wrap, team: ours.teamId };
  keys = createFabricKeys(
    db,
    createKeyring([former, gone], former.label),
    JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? ""),
  );
  const choice = { masterKeyId: gone.fingerprint, chosenById: "a", chosenByName: "A" };
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    const { fabricId } = await createTestFabric(owner, name);
    await owner.fabric.update({ where: { id: fabricId }, data: { teamId: ours.teamId } });
    await owner.fabricMasterKey.create({ data: { fabricId, ...choice } });
    await age(fabricId, 200);
  }
  theirs = await createTestFabric(owner, "theirs");
  await age(theirs.fabricId, 100);
});

beforeEach(() => owner.keyRotation.deleteMany());

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const age = (fabricId: string, days: number) =>
  owner.fabricKey.updateMany({
    where: { fabricId },
    data: { createdAt: new Date(Date.now() - days * 86_400_000) },
  });
const rotated = async () => (await owner.keyRotation.findMany()).map(({ fabricId }) => fabricId);

test("a key service that is gone is asked once, and stops no rotation of another team", async () => {
  asked = 0;
  await expect(startDueRotations(keys, 90)).rejects.toThrow("gone");
  expect(await rotated()).toEqual([theirs.fabricId]);
  expect(asked).toBe(1);
});

test("rotations that a key service has stopped take no place of others", async () => {
  await age(theirs.fabricId, 100);
  const others = await owner.fabric.findMany({ where: { id: { not: theirs.fabricId } }, take: 5 });
  const started = {
    kind: "fabric",
    target: "k",
    total: 1,
    startedById: systemActor.id,
    startedByName: "Automate",
  };
  for (const { id } of others)
    await owner.keyRotation.create({ data: { ...started, fabricId: id, lastError: "gone" } });
  await startDueRotations(keys, 90).catch(() => undefined);
  expect(await rotated()).toContain(theirs.fabricId);
});
