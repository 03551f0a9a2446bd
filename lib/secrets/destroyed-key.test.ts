import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { closeDb, createDb, type Db, type Tx } from "@/lib/db/client";
import { idempotentForm } from "@/lib/idempotency/request";
import { createSecret } from "@/lib/secrets/mutations";
import { replaceSecret, updateSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { countWaiting } from "@/testing/waiting-queries";

let owner: Db;
let fabric: TestFabric;
let newest: string;
let secretId: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "rotated");
  const created = await createSecret(write(), text("present"));
  if (!created.ok) throw new Error(created.code);
  secretId = created.value.id;
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = () => fabric.scope("user", "secret:write");
const text = (name: string) =>
  ({ subKind: "text", name, description: "", fields: { value: "canary" } }) as const;

/** Destroys the key that a write has sealed to, while that write waits to store what it sealed. */
async function whileKeyIsDestroyed<T>(act: () => Promise<T>): Promise<T> {
  let acting: Promise<T> | undefined;
  await owner.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE secret_field IN SHARE ROW EXCLUSIVE MODE`;
    acting = act();
    // Postgres shows the beginning of a query.
    const waiting = () =>
      Promise.all(["WITH input", "WITH replaced"].map((text) => countWaiting(owner, text)));
    await expect.poll(async () => (await waiting()).includes(1)).toBe(true);
    await rotate(tx);
  });
  if (!acting) throw new Error("It did not act.");
  return acting;
}

async function rotate(tx: Tx): Promise<void> {
  const { fabricId } = fabric;
  const pair = await fabric.keys.newPair(fabricId);
  newest = pair.kid;
  await tx.fabricKey.create({ data: pair });
  await tx.secretField.updateMany({ where: { fabricId }, data: { kid: newest } });
  await tx.fabricKey.deleteMany({ where: { fabricId, kid: { not: newest } } });
}

const sealedTo = async (where: { secretId: string; version: number }) =>
  (await owner.secretField.findMany({ where })).map(({ kid }) => kid);

test.each([
  ["", false],
  [" with a form's key", true],
])("a create%s seals again, to the newest key, when its own was destroyed", async (_with, isIdempotent) => {
  const input = text("created");
  const form = isIdempotent ? idempotentForm(fabric.user, "k".repeat(22), input) : undefined;
  const created = await whileKeyIsDestroyed(() => createSecret(write(), input, form));
  if (!created.ok) throw new Error(created.code);
  expect(await sealedTo({ secretId: created.value.id, version: 1 })).toEqual([newest]);
  expect(await owner.auditEvent.count({ where: { objectId: created.value.id } })).toBe(1);
});

test("a replaced value too, from a form", async () => {
  const input = { secretId, expectedVersion: 1, destinationIds: [], ...text("present") };
  const replaced = await whileKeyIsDestroyed(() => replaceSecret(write(), input));
  expect(replaced).toMatchObject({ ok: true, value: { version: 2 } });
  expect(await sealedTo({ secretId, version: 2 })).toEqual([newest]);
});

test("and by the API", async () => {
  const replacement = text("present");
  const input = { secretId, subKind: "text", replacement, keepDestinations: false } as const;
  expect(await whileKeyIsDestroyed(() => updateSecret(write(), input))).toMatchObject({ ok: true });
  expect(await sealedTo({ secretId, version: 2 })).toEqual([newest]);
});
