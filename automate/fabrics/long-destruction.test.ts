import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deleteFabric } from "@/automate/fabrics/delete-fabric";
import { destroyDeletedFabrics } from "@/automate/fabrics/destroy-fabrics";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

/* A fabric is so large that its destruction takes longer than a lease. Several copies of automate look for work. */

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "large");
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: `secret-${fabric.fabricId}`,
    subKind: "text",
    versions: [{ by: "user", fields: { value: "canary" } }],
  });
  await db.$transaction((tx) => deleteFabric(tx, fabric.scope("admin", "fabric:delete")));
  await owner.$executeRaw`UPDATE fabric_deletion SET "destroyAt" = now()`;
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

/** Locks a row of the fabric, so that its deletion waits. Returns the function that frees it. */
async function hold(table: "secret_field" | "secret_version"): Promise<() => Promise<void>> {
  let free = () => {};
  const freed = new Promise<void>((done) => {
    free = done;
  });
  let isHeld = () => {};
  const held = new Promise<void>((done) => {
    isHeld = done;
  });
  const transaction = owner.$transaction(
    async (tx) => {
      await tx.$executeRawUnsafe(`SELECT FROM ${table} WHERE "fabricId" = $1 FOR KEY SHARE`, fabric.fabricId);
      isHeld();
      await freed;
    },
    { timeout: 20_000 },
  );
  await held;
  return async () => {
    free();
    await transaction;
  };
}

const waiting = (table: string, copies: number) =>
  expect.poll(() => countWaiting(owner, `DELETE FROM ${table}`), { timeout: 5_000 }).toBe(copies);

/** Seconds until the lease of the destruction ends. */
async function leaseSeconds(): Promise<number> {
  const { leasedUntil } = await owner.checkLease.findFirstOrThrow();
  return (leasedUntil.getTime() - Date.now()) / 1000;
}

const endLeaseIn = (seconds: number) =>
  owner.checkLease.updateMany({ data: { leasedUntil: new Date(Date.now() + seconds * 1000) } });

async function expectDestroyedOnce() {
  const where = { fabricId: fabric.fabricId };
  expect(await owner.fabric.count({ where: { id: fabric.fabricId } })).toBe(0);
  expect(await owner.fabricKey.count({ where })).toBe(0);
  expect(await owner.auditEvent.count({ where: { ...where, action: "fabric.destroy" } })).toBe(1);
  expect(await owner.checkLease.count()).toBe(0);
}

test("each batch renews the lease, and another copy does not begin meanwhile", async () => {
  const [freeFields, freeVersions] = [await hold("secret_field"), await hold("secret_version")];
  const destruction = destroyDeletedFabrics();
  await waiting("secret_field", 1);
  await endLeaseIn(5);
  await destroyDeletedFabrics();
  await freeFields();
  await waiting("secret_version", 1);
  expect(await leaseSeconds()).toBeGreaterThan(170);
  await freeVersions();
  await destruction;
  await expectDestroyedOnce();
});

test("a copy that lost its lease stops, and the other destroys the fabric once", async () => {
  const [freeFields, freeVersions] = [await hold("secret_field"), await hold("secret_version")];
  const first = destroyDeletedFabrics();
  await waiting("secret_field", 1);
  await endLeaseIn(-1);
  const second = destroyDeletedFabrics();
  await waiting("secret_field", 2);
  await freeFields();
  await first;
  await waiting("secret_version", 1);
  await freeVersions();
  await second;
  await expectDestroyedOnce();
});
