import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { addFixedValues, type Copies, readOn, readSecret, startCopies, writeOn } from "@/testing/key-saga";
import { createTestKeys } from "@/testing/keys";
import { startRestartablePostgres } from "@/testing/restartable-postgres";
import { signRequest } from "@/testing/signed-request";

/*
 * Rotations of a fabric's key by two copies of the built program, under writes and reads, while copies and Postgres
 * are ended at any moment.
 */
const disturbances = ["kill holder", "stop holder", "kill both", "kill Postgres"] as const;
const rotations = 100;
/** While its copy serves reads, a rotation takes 20 ms for a value. */
const values = 300;

const { TEST_DATABASE_URL, TEST_TEMPLATE } = process.env;
let postgres: Awaited<ReturnType<typeof startRestartablePostgres>>;
let owner: Db;
let fabric: TestFabric;
let token: string;
let automates: ReturnType<typeof createTestAutomates>;
let copies: Copies;
let signingKey: string;
let isAway = false;

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  Object.assign(process.env, { TEST_DATABASE_URL: postgres.url, TEST_TEMPLATE: "template_saga" });
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate);
  signingKey = keys.web.WEB_SIGNING_KEY;
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
  copies = await startCopies(automates);
}, 120_000);

afterAll(async () => {
  automates?.stopAll();
  await owner?.$disconnect();
  await closeDb();
  await postgres?.remove();
  Object.assign(process.env, { TEST_DATABASE_URL, TEST_TEMPLATE });
});

const rotationsOfFabric = () =>
  owner.keyRotation.findMany({ where: { fabricId: fabric.fabricId }, orderBy: { startedAt: "asc" } });
const lastRotation = async () => (await rotationsOfFabric()).at(-1);

async function start(): Promise<void> {
  const by = { userId: fabric.admin.id, fabricId: fabric.fabricId };
  const to = { automateUrl: copies.any().internalUrl, signingKey };
  const answer = await fetch(await signRequest(to, by, "fabric-key:rotate", {}));
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
}

/** The copy that works on the rotation. */
async function holder() {
  let copy: ReturnType<Copies["byPid"]>;
  await expect
    .poll(
      async () => {
        const pid = Number((await lastRotation())?.holder.split("/")[1]);
        copy = copies.byPid(pid);
        return copy !== undefined;
      },
      { interval: 20, timeout: 30_000 },
    )
    .toBe(true);
  if (!copy) throw new Error("no holder");
  return copy;
}

/** At once, so that the rotation cannot have ended, or at any moment of its first half second. */
async function disturb(how: (typeof disturbances)[number], when: "at once" | "any moment"): Promise<void> {
  const copy = await holder();
  if (when === "any moment") await sleep(Math.random() * 500);
  if (how === "kill Postgres") {
    isAway = true;
    await postgres.restart("killed", 500);
    // Automate's connections fail once more before they are replaced.
    await sleep(2_000);
    isAway = false;
    return;
  }
  const ending = how === "kill both" ? copies.all() : [copy];
  await Promise.all(ending.map((one) => copies.end(one, how === "stop holder" ? "SIGTERM" : "SIGKILL")));
  if (how === "kill both") await Promise.all(ending.map((one) => copies.replace(one)));
}

/** Purges former values as automate does after a day. Otherwise each rotation reseals all that were ever written. */
async function purgeFormer(): Promise<void> {
  await owner.$executeRaw`
    WITH former AS (
      UPDATE secret_version v SET "purgedAt" = now()
      WHERE v."fabricId" = ${fabric.fabricId} AND v."purgedAt" IS NULL AND v.version <
        (SELECT max(newer.version) FROM secret_version newer WHERE newer."secretId" = v."secretId")
      RETURNING v."secretId", v.version
    )
    DELETE FROM secret_field f USING former
    WHERE f."secretId" = former."secretId" AND f.version = former.version`;
}

/** Sets the clock of the minute that a former key is kept, and waits for the end. */
async function finish(): Promise<void> {
  await expect
    .poll(
      async () => {
        const where = { fabricId: fabric.fabricId };
        const past = new Date(Date.now() - 120_000);
        await owner.fabricKey.updateMany({
          where: { ...where, emptySince: { not: null } },
          data: { emptySince: past },
        });
        await owner.keyRotation.updateMany({
          where: { ...where, state: "running" },
          data: { startedAt: past },
        });
        return (await rotationsOfFabric()).every(({ state }) => state === "done");
      },
      { interval: 500, timeout: 300_000 },
    )
    .toBe(true);
}

test("rotations go on after kills of automate and Postgres; every read succeeds, and every value stays what was put in", async () => {
  const names = await addFixedValues(owner, fabric, values);
  const reader = readOn(copies, token, names, () => isAway);
  const writer = writeOn(fabric);
  for (let n = 0; n < rotations; n += 1) {
    await start();
    const how = disturbances[n % disturbances.length] ?? "kill holder";
    const before = copies.all();
    await disturb(how, n === 0 ? "at once" : "any moment");
    if (how === "kill holder" && n === 0) {
      // The other copy takes over when the lease ends.
      const takenOver = performance.now();
      const done = (await lastRotation())?.done ?? 0;
      await expect
        .poll(async () => (await lastRotation())?.done ?? 0, { interval: 100, timeout: 40_000 })
        .toBeGreaterThan(done);
      expect(performance.now() - takenOver).toBeLessThan(30_000);
    } else await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
    await Promise.all(
      before.filter((copy) => copy.isEnding && copies.all().includes(copy)).map((one) => copies.replace(one)),
    );
    await finish();
    await purgeFormer();
    expect(await owner.fabricKey.count({ where: { fabricId: fabric.fabricId } })).toBe(1);
  }
  await writer.stop();
  await reader.stop();

  expect(writer.faults).toEqual([]);
  expect(reader.faults).toEqual([]);
  expect(reader.count()).toBeGreaterThan(100);
  expect(writer.written.size).toBeGreaterThan(10);
  for (let n = 0; n < names.length; n += 50) await Promise.all(names.slice(n, n + 50).map(expectFixed));
  // A former name still answers, and the last rename may not have been stored.
  for (const {
    names: [name = ""],
    values: possible,
  } of writer.written.values())
    expect(possible).toContain(await readSecret(copies.any(), token, name));
  expect(await owner.unopenedValue.count()).toBe(0);
  await expectEvents();
}, 7_200_000);

async function expectFixed(name: string): Promise<void> {
  expect(await readSecret(copies.any(), token, name)).toBe(`value of ${name}`);
}

/** The audit log has each start, batch and end, with the counts that the rotations have. */
async function expectEvents(): Promise<void> {
  const events = await owner.auditEvent.findMany({
    where: { fabricId: fabric.fabricId, action: { startsWith: "fabric.key" } },
  });
  const of = (action: string, kid: string) =>
    events.filter((event) => event.action === action && (event.details as { kid: string }).kid === kid);
  const done = await rotationsOfFabric();
  expect(done).toHaveLength(rotations);
  for (const { target, done: count } of done) {
    const batches = of("fabric.key.reseal", target).map(
      ({ details }) => (details as { values: number }).values,
    );
    expect(batches.reduce((sum, one) => sum + one, 0)).toBe(count);
    expect([of("fabric.key.rotate", target).length, of("fabric.key.rotated", target).length]).toEqual([1, 1]);
  }
  expect(events.filter(({ action }) => action === "fabric.key.destroy")).toHaveLength(rotations);
}
