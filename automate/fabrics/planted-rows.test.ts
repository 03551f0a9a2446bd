import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deleteFabric, NotRestored, restoreFabric } from "@/automate/fabrics/delete-fabric";
import { destroyDeletedFabrics } from "@/automate/fabrics/destroy-fabrics";
import { authorize } from "@/lib/access/authorize";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

/* Someone with web's login may insert rows that refer to other fabrics. They cannot keep a deleted fabric alive. */

let owner: Db;
let web: Db;
let urls: TestDatabase;
let first: TestFabric;
let second: TestFabric;
let attackers: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  web = createDb(urls.webUrl);
});

beforeEach(async () => {
  [first, second, attackers] = [
    await createTestFabric(owner, "first"),
    await createTestFabric(owner, "second"),
    await createTestFabric(owner, "attackers"),
  ];
  for (const fabric of [first, second, attackers])
    await addTestSecret(owner, fabric, urls.webUrl, {
      id: `secret-${fabric.fabricId}`,
      subKind: "text",
      versions: [{ by: "user", fields: { value: "canary" } }],
    });
  for (const fabric of [first, second])
    await db.$transaction((tx) => deleteFabric(tx, fabric.scope("admin", "fabric:delete")));
});

afterAll(async () => {
  await Promise.all([owner.$disconnect(), web.$disconnect()]);
  await closeDb();
});

const isThere = async ({ fabricId }: TestFabric) =>
  (await owner.fabric.count({ where: { id: fabricId } })) > 0;

/** Lets the time of both deletions pass, of the first fabric's first. */
const passTime = () => owner.$executeRaw`
  UPDATE fabric_deletion SET "destroyAt" = now() - CASE "fabricId" WHEN ${first.fabricId} THEN interval '2 s' ELSE interval '1 s' END`;

test("a value of another fabric under its key does not keep the key", async () => {
  const { kid } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: first.fabricId } });
  const { fabricId } = attackers;
  await web.$executeRaw`
    INSERT INTO secret_field ("secretId", field, version, "fabricId", kid, sealed)
    VALUES (${`secret-${fabricId}`}, 'value', 9, ${fabricId}, ${kid}, 'planted')`;
  await passTime();
  await destroyDeletedFabrics();
  expect(await Promise.all([first, second, attackers].map(isThere))).toEqual([false, false, true]);
  expect(await owner.fabricKey.count({ where: { kid } })).toBe(0);
});

test("a connection of another fabric that refers to its secret does not keep the secret", async () => {
  const { fabricId } = attackers;
  const by = { createdById: "u", createdByName: "U", updatedById: "u", updatedByName: "U" };
  const connection = { id: `c-${fabricId}`, name: "c", nameKey: "c", kind: "restapi", configHash: "h" };
  await web.connection.create({ data: { ...connection, fabricId, properties: {}, ...by } });
  await web.connectionSecret.create({
    data: { connectionId: connection.id, field: "f", secretId: `secret-${first.fabricId}`, fabricId },
  });
  await passTime();
  await destroyDeletedFabrics();
  expect(await Promise.all([first, second].map(isThere))).toEqual([false, false]);
});

test("a fabric that cannot be destroyed yet does not keep the others", async () => {
  await passTime();
  await owner.$executeRawUnsafe(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not yet'; END $$;`);
  await owner.$executeRawUnsafe(
    `CREATE TRIGGER refuse BEFORE DELETE ON fabric FOR EACH ROW WHEN (old.id = '${first.fabricId}') EXECUTE FUNCTION refuse()`,
  );
  await expect(destroyDeletedFabrics()).rejects.toThrow();
  await owner.$executeRawUnsafe("DROP FUNCTION refuse CASCADE");
  expect(await Promise.all([first, second].map(isThere))).toEqual([true, false]);
});

test("an undo that began in time and ends too late brings nothing back", async () => {
  const scope = await authorize(first.admin, first.fabricId, "fabric:restore");
  const undo = db.$transaction(async (tx) => {
    // The transaction, and with it now() of Postgres, begins before the time is over.
    await tx.$queryRaw`SELECT now()`;
    await owner.$executeRaw`UPDATE fabric_deletion SET "destroyAt" = clock_timestamp()`;
    await restoreFabric(tx, scope, { fabricId: first.fabricId });
  });
  await expect(undo).rejects.toThrow(NotRestored);
});

test("an undo that is committed while the time passes keeps everything", async () => {
  const { fabricId } = second;
  const scope = await authorize(second.admin, fabricId, "fabric:restore");
  await owner.$executeRaw`UPDATE fabric_deletion SET "destroyAt" = now() + interval '0.3 seconds'`;
  let destruction: Promise<void> | undefined;
  await db.$transaction(async (tx) => {
    await restoreFabric(tx, scope, { fabricId });
    // It still sees the deletion, and waits for this transaction.
    await expect
      .poll(() => owner.fabricDeletion.count({ where: { fabricId, destroyAt: { lt: new Date() } } }))
      .toBe(1);
    destruction = destroyDeletedFabrics();
    await expect.poll(() => countWaiting(owner, "fabric"), { timeout: 3_000 }).toBe(1);
  });
  await destruction;
  expect(await isThere(second)).toBe(true);
  expect(await owner.secretField.count({ where: { fabricId } })).toBe(1);
});
