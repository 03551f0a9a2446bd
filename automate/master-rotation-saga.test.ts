import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { signedRequest } from "@/lib/internal-api/signed-request";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { addFixedValues, type Copies, type Copy, readOn, startCopies } from "@/testing/key-saga";
import { createTestKeys } from "@/testing/keys";

/*
 * A new master key takes over from the former one while two copies of the built program serve reads: it is staged in
 * both keyrings, made the primary of one copy, which is killed at its work, then of the other, and the former one
 * is taken out.
 */
const fabrics = 1_500;

let owner: Db;
let fabric: TestFabric;
let token: string;
let automates: ReturnType<typeof createTestAutomates>;
let copies: Copies;
let operatorKey: string;
let formerFile: string;
const dir = mkdtempSync(join(tmpdir(), "selvage-saga-"));

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate);
  operatorKey = keys.operator.OPERATOR_SIGNING_KEY;
  formerFile = keys.automate.MASTER_KEY_FILE;
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  for (let made = 0; made < fabrics; made += 100) {
    const pairs = Array.from({ length: 100 }, (_, i) => fabric.keys.newPair(`fabric-${made + i}`));
    await owner.fabricKey.createMany({ data: await Promise.all(pairs) });
  }
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  writeFileSync(join(dir, "next.key"), randomBytes(32).toString("base64url"), { mode: 0o600 });
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
}, 120_000);

afterAll(async () => {
  automates?.stopAll();
  await owner?.$disconnect();
  await closeDb();
});

/** The environment of a copy with these keys in its keyring. */
function keyring(primary: "former" | "next", labels: readonly ("former" | "next")[]): { KMS_CONFIG: string } {
  const files = { former: formerFile, next: join(dir, "next.key") };
  const file = join(dir, `${primary}-of-${labels.join("-")}.json`);
  const keys = labels.map((label) => ({ label, provider: "local", file: files[label] }));
  writeFileSync(file, JSON.stringify({ primary, keys }), { mode: 0o600 });
  return { KMS_CONFIG: file };
}

async function ask({ internalUrl }: Copy, name: string): Promise<{ status: number; answer: unknown }> {
  const url = new URL(`/internal/operator/keys/${name}`, internalUrl);
  const sender = { name: "operator", key: JSON.parse(operatorKey) } as const;
  const response = await fetch(await signedRequest(sender, { purpose: `keys:${name}`, url, body: {} }));
  return { status: response.status, answer: await response.json() };
}

const masterKeys = async () =>
  (await owner.fabricKey.groupBy({ by: ["masterKeyId"] })).map(({ masterKeyId }) => masterKeyId);
const rotation = () => owner.keyRotation.findFirstOrThrow({ orderBy: { startedAt: "desc" } });

test("a new master key takes over without a failed read, although the copy that rewraps is killed", async () => {
  const names = await addFixedValues(owner, fabric, 20);
  const staged = keyring("former", ["former", "next"]);
  const promoted = keyring("next", ["former", "next"]);
  const retired = keyring("next", ["next"]);
  copies = await startCopies(automates, staged);
  const reader = readOn(copies, token, names, () => false);
  const [former] = await masterKeys();

  const [first, straggler] = copies.all();
  if (!first || !straggler) throw new Error("no copies");
  const restart = async (
    copy: Copy,
    env: Record<string, string>,
    signal: "SIGKILL" | "SIGTERM" = "SIGTERM",
  ) => {
    await copies.end(copy, signal);
    return copies.replace(copy, env);
  };
  const promotedCopy = await restart(first, promoted);
  expect(await ask(promotedCopy, "rotate-master")).toMatchObject({ status: 200, answer: { label: "next" } });
  await expect.poll(async () => (await rotation()).done, { interval: 5 }).toBeGreaterThan(0);
  const again = await restart(promotedCopy, promoted, "SIGKILL");
  // The straggler, whose primary is still the former key, cannot do the work. The restarted copy goes on.
  await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
  await expect.poll(async () => (await rotation()).state, { timeout: 40_000 }).toBe("done");
  expect(await masterKeys()).not.toContain(former);
  expect(await rotation()).toMatchObject({ done: fabrics + 1, total: fabrics + 1, unopened: 0 });

  for (const copy of [straggler, again]) await restart(copy, retired);
  expect(await ask(copies.any(), "status")).toMatchObject({
    answer: { masterKeys: [{ label: "next", isPrimary: true, fabricKeys: fabrics + 1 }] },
  });
  await reader.stop();
  expect(reader.faults).toEqual([]);
  expect(reader.count()).toBeGreaterThan(100);
  const events = await owner.auditEvent.findMany({ where: { action: { startsWith: "master_key." } } });
  const values = (action: string) =>
    events
      .filter((event) => event.action === action)
      .map(({ details }) => (details as { values: number }).values);
  expect(values("master_key.rotate")).toEqual([fabrics + 1]);
  expect(values("master_key.rotated")).toEqual([fabrics + 1]);
  expect(values("master_key.rewrap").reduce((sum, one) => sum + one, 0)).toBe(fabrics + 1);
}, 120_000);
