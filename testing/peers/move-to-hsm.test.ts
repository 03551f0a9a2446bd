import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { operatorRequests } from "@/lib/internal-api/operator-contract";
import { signedRequest } from "@/lib/internal-api/signed-request";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { addFixedValues, readSecret } from "@/testing/key-saga";
import { type SoftHsm, startSoftHsm } from "@/testing/key-services/softhsm";
import { createTestKeys } from "@/testing/keys";

/* A deployment moves its master key from a file to an HSM and back, with the built program. */

let hsm: SoftHsm;
let owner: Db;
let fabrics: TestFabric[];
let names: string[];
let token: string;
let file: { provider: string; file: string };
let automates: ReturnType<typeof createTestAutomates>;
let copy: Awaited<ReturnType<typeof automates.start>> & { isEnding: boolean };
let keys: Awaited<ReturnType<typeof createTestKeys>>;

beforeAll(async () => {
  hsm = await startSoftHsm();
  keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  fabrics = [await createTestFabric(owner, "a"), await createTestFabric(owner, "b")];
  const [fabric] = fabrics;
  if (!fabric) throw new Error("no fabric");
  names = await addFixedValues(owner, fabric, 20);
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  file = { provider: "local", file: keys.automate.MASTER_KEY_FILE };
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
}, 120_000);

afterAll(async () => {
  automates?.stopAll();
  await owner?.$disconnect();
  await closeDb();
  await hsm?.close();
});

/** Restarts automate with this keyring, whose first key is the primary. */
async function restartWith(...keyring: object[]) {
  if (copy) {
    copy.process.kill("SIGTERM");
    await once(copy.process, "exit");
  }
  const config = join(hsm.folder, "keyring.json");
  const entries = keyring.map((entry, index) => ({ label: `key ${index}`, ...entry }));
  await writeFile(config, JSON.stringify({ primary: "key 0", keys: entries }), { mode: 0o600 });
  copy = { ...(await automates.start({ KMS_CONFIG: config })), isEnding: false };
}

async function expectReads() {
  for (const name of names) expect(await readSecret(copy, token, name)).toBe(`value of ${name}`);
}

async function wrapAll() {
  const purpose = "keys:rotate-master";
  const url = new URL(operatorRequests[purpose].path, copy.internalUrl);
  const signer = { name: "operator", key: JSON.parse(keys.operator.OPERATOR_SIGNING_KEY) } as const;
  const answer = await fetch(await signedRequest(signer, { purpose, url, body: {} }));
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  await expect
    .poll(async () => (await owner.keyRotation.findMany()).map(({ state }) => state), { timeout: 30_000 })
    .not.toContain("running");
  return new Set((await owner.fabricKey.findMany()).map(({ masterKeyId }) => masterKeyId));
}

test("from a file to an HSM and back, every value can be read at each step", async () => {
  await restartWith(file);
  await expectReads();
  await restartWith(hsm.entry, file);
  await expectReads();
  const { fingerprint } = await hsm.open();
  expect(await wrapAll()).toEqual(new Set([fingerprint]));
  await restartWith(hsm.entry);
  await expectReads();
  await restartWith(file, hsm.entry);
  await expectReads();
  expect([...(await wrapAll())]).not.toContain(fingerprint);
  await restartWith(file);
  await expectReads();
}, 120_000);
