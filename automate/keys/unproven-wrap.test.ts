import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseMasterKey } from "@/automate/keys/choose-master-key";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { claimRotation } from "@/automate/keys/key-rotation";
import { type Pass, rewrap, startMasterRotation } from "@/automate/keys/rewrap";
import { systemActor } from "@/lib/access/system-actor";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { CannotUnwrap, KeyServiceFault } from "@/lib/kms/define";
import { createKeyring, type KeyringKey } from "@/lib/kms/keyring";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createNextMasterKey } from "@/testing/next-master-key";

/* A key service that wraps and cannot unwrap would lose each fabric key that a rotation gives it. */

let owner: Db;
let former: KeyringKey;
let next: KeyringKey;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
  ({ former, next } = await createNextMasterKey());
  fabric = await createTestFabric(owner, "ours");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const rows = () => owner.fabricKey.findMany({ omit: { wrappedKey: false, wrappedPrivate: false } });

/** Services that accept a key and do not return it. */
const services: [string, Partial<KeyringKey>][] = [
  ["may not unwrap", { unwrap: () => Promise.reject(new KeyServiceFault("denied", "no permission")) }],
  ["stored something else", { unwrap: () => Promise.reject(new CannotUnwrap("damaged")) }],
  ["answers with another key", { unwrap: async () => new Uint8Array(32) }],
];

test.each(services)(
  "a master key that %s receives no fabric key of a master key rotation",
  async (_, service) => {
    const before = await rows();
    const both = createKeyring([former, { ...next, ...service }], "next");
    await owner.keyRotation.deleteMany();
    await db.$transaction((tx) => startMasterRotation(tx, both, systemActor));
    const claimed = await claimRotation(next.fingerprint);
    const pass: Pass = { after: "", damaged: 0 };
    const run = async () => {
      while (claimed && (await rewrap(claimed, both, pass)) === "worked");
    };
    await expect(run()).rejects.toThrow(KeyServiceFault);
    expect(await rows()).toEqual(before);
  },
);

test.each(services)("a master key that %s cannot be chosen for a fabric", async (_, service) => {
  await owner.keyRotation.deleteMany();
  const teams = { ...next, ...service, team: fabric.teamId };
  const signingKey = JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "");
  const keys = createFabricKeys(db, createKeyring([former, teams], former.label), signingKey);
  const chosen = chooseMasterKey(keys, fabric.scope("admin", "fabric-key:write"), next.fingerprint);
  await expect(chosen).rejects.toThrow(KeyServiceFault);
  expect(await owner.fabricMasterKey.count()).toBe(0);
  expect(await rows()).toHaveLength(1);
});
