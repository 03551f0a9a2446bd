import { afterAll, beforeAll, expect, test } from "vitest";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { resignFabricKeys } from "@/automate/keys/resign";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createKeyring } from "@/lib/kms/keyring";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys, signingKey } from "@/testing/keys";
import { createNextMasterKey } from "@/testing/next-master-key";

let owner: Db;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("someone with another team's key service and the database does not get a key pair of their own signed", async () => {
  const ours = await createTestFabric(owner, "ours");
  const theirs = await createTestFabric(owner, "theirs");
  const { former, next } = await createNextMasterKey();
  const keyring = createKeyring([former, { ...next, team: theirs.teamId }], former.label);
  // They wrap a private key that they know, for our fabric, under their own master key.
  const { privateJwk: attackers } = await signingKey();
  const pair = await createFabricKeys(db, keyring, attackers).newPair(ours.fabricId, next);
  await owner.fabricKey.create({ data: pair });

  const present = JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "");
  expect(await resignFabricKeys(createFabricKeys(db, keyring, present), present)).toEqual({
    resigned: 0,
    refused: [{ fabricId: ours.fabricId, kid: pair.kid, reason: "Its master key belongs to another team." }],
  });
  const { signature } = await owner.fabricKey.findUniqueOrThrow({ where: { kid: pair.kid } });
  expect(signature).toBe(pair.signature);
});
