import { afterAll, beforeAll, expect, test } from "vitest";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { claimRotation } from "@/automate/keys/key-rotation";
import { type Pass, rewrap, startMasterRotation } from "@/automate/keys/rewrap";
import { systemActor } from "@/lib/access/system-actor";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createKeyring, type Keyring, type KeyringKey } from "@/lib/kms/keyring";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createNextMasterKey } from "@/testing/next-master-key";

let owner: Db;
let former: KeyringKey;
let next: KeyringKey;
let fabrics: TestFabric[];

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
  ({ former, next } = await createNextMasterKey());
  fabrics = [await createTestFabric(owner, "a"), await createTestFabric(owner, "b")];
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const keysIn = (keyring: Keyring) =>
  createFabricKeys(owner, keyring, JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? ""));
const rows = () => owner.fabricKey.findMany({ orderBy: { kid: "asc" }, omit: { wrappedKey: false } });
const masterKeys = async () => (await rows()).map(({ masterKeyId }) => masterKeyId);

async function runAll(keyring: Keyring) {
  const pass: Pass = { after: "", damaged: 0 };
  for (;;) {
    await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
    const claimed = await claimRotation(keyring.primary.fingerprint);
    if (!claimed) return;
    while ((await rewrap(claimed, keyring, pass)) === "worked");
  }
}

test("a new primary master key wraps every fabric key, and the former one is not needed any more", async () => {
  const both = createKeyring([former, next], "next");
  await db.$transaction((tx) => startMasterRotation(tx, both, systemActor));
  // A copy of automate whose primary is still the former key cannot do this work.
  expect(await claimRotation(former.fingerprint)).toBeNull();
  await runAll(both);
  expect(await masterKeys()).toEqual([next.fingerprint, next.fingerprint]);
  const alone = keysIn(createKeyring([next], "next"));
  for (const { fabricId } of fabrics) {
    const { kid } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId } });
    await expect(alone.privateKey(fabricId, kid)).resolves.toMatchObject({ kid });
  }
  expect(await owner.keyRotation.findFirst()).toMatchObject({ state: "done", done: 2, total: 2 });
  const events = await owner.auditEvent.findMany({ orderBy: { id: "asc" } });
  expect(events.map(({ action, details }) => [action, details])).toEqual([
    ["master_key.rotate", { masterKeyId: next.fingerprint, values: 2 }],
    ["master_key.rewrap", { masterKeyId: next.fingerprint, values: 2, startedBy: "Automate" }],
    ["master_key.rotated", { masterKeyId: next.fingerprint, values: 2, startedBy: "Automate" }],
  ]);
});

test("a damaged fabric key stops no other, and is counted; a missing master key is a fault that is tried again", async () => {
  const [first] = await rows();
  const back = createKeyring([former, next], former.label);
  const before = first?.wrappedKey ?? "";
  await owner.fabricKey.update({ where: { kid: first?.kid ?? "" }, data: { wrappedKey: "damaged" } });
  await db.$transaction((tx) => startMasterRotation(tx, back, systemActor));
  await expect(runAll(createKeyring([former], former.label))).rejects.toThrow(next.fingerprint);
  await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
  await runAll(back);
  expect(await masterKeys()).toEqual([next.fingerprint, former.fingerprint]);
  expect(await owner.keyRotation.findFirst({ orderBy: { startedAt: "desc" } })).toMatchObject({
    state: "done",
    done: 1,
    total: 2,
    unopened: 1,
  });
  await owner.fabricKey.update({ where: { kid: first?.kid ?? "" }, data: { wrappedKey: before } });
});

test("a fabric that has a master key of its own is never rewrapped under another", async () => {
  const both = createKeyring([former, next], former.label);
  const [own] = fabrics;
  const choice = { masterKeyId: next.fingerprint, chosenById: "x", chosenByName: "x" };
  await owner.fabricMasterKey.create({ data: { fabricId: own?.fabricId ?? "", ...choice } });
  await db.$transaction((tx) => startMasterRotation(tx, both, systemActor));
  await runAll(both);
  expect(await masterKeys()).toEqual([next.fingerprint, former.fingerprint]);
});
