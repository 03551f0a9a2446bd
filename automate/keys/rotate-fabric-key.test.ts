import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { destroyFormerKeys } from "@/automate/keys/destroy";
import { AlreadyRotating, claimRotation, releaseRotation, setPaused } from "@/automate/keys/key-rotation";
import { rotateFabricKey, startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { startDueRotations } from "@/automate/keys/scheduled-rotations";
import { openSecrets } from "@/automate/secrets/open-secret";
import { reseal } from "@/automate/secrets/reseal";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { verifyFabricKey } from "@/lib/crypto/fabric-key";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let secret: SecretWithAuthors;
let former: string;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
});

let number = 0;
beforeEach(async () => {
  await owner.keyRotation.deleteMany({});
  fabric = await createTestFabric(owner, "rotated");
  secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id: `pair-${++number}`,
    subKind: "username_password",
    versions: [
      { by: "user", fields: { username: "ada", password: "former canary" } },
      { by: "user", fields: { password: "canary" } },
    ],
  });
  former = (await keysOfFabric())[0] ?? "";
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const keysOfFabric = async () => {
  const where = { fabricId: fabric.fabricId };
  const rows = await owner.fabricKey.findMany({ where, orderBy: { createdAt: "asc" } });
  return rows.map(({ kid }) => kid);
};
const kidsInUse = async () => {
  const rows = await owner.secretField.findMany({ where: { fabricId: fabric.fabricId } });
  return [...new Set(rows.map(({ kid }) => kid))];
};
const rotation = () => owner.keyRotation.findFirstOrThrow({ where: { fabricId: fabric.fabricId } });
const events = async () => {
  const rows = await owner.auditEvent.findMany({
    where: { fabricId: fabric.fabricId, action: { startsWith: "fabric.key" } },
    orderBy: { id: "asc" },
  });
  return rows.map(({ action, actorName, details }) => [action, actorName, details]);
};

async function start(): Promise<string> {
  const pair = await fabric.keys.newPair(fabric.fabricId);
  await db.$transaction((tx) => startFabricRotation(tx, pair, fabric.admin));
  return pair.kid;
}

async function step(grace?: number) {
  await owner.keyRotation.updateMany({ data: { leasedUntil: new Date(0) } });
  const claimed = await claimRotation("");
  return claimed ? rotateFabricKey(claimed, { keys: fabric.keys, reseal }, grace) : null;
}

async function read(): Promise<Record<string, string>> {
  const scope = fabric.scope("pipeline", "secret:use");
  const openings = [{ secret, fields: ["username", "password"] }];
  const [opened = {}] = await openSecrets(fabric.keys, {
    for: "pipeline",
    scope,
    source: "127.0.0.1",
    openings,
  });
  return Object.fromEntries(Object.entries(opened).map(([field, value]) => [field, value.revealText()]));
}

/** Seals as a web that read its key before the rotation began. */
async function addLateValue(version: number) {
  const { fabricId } = fabric;
  const row = await owner.fabricKey.findUniqueOrThrow({ where: { kid: former } });
  process.env.WEB_DATABASE_URL = urls.webUrl;
  const key = await verifyFabricKey(row, [JSON.parse(process.env.AUTOMATE_PUBLIC_KEY ?? "")]);
  delete process.env.WEB_DATABASE_URL;
  const context = { secretId: secret.id, subKind: secret.subKind, version };
  await owner.secretField.createMany({ data: await sealFields(key, context, { password: "late" }) });
  return fabricId;
}

describe("a rotation of a fabric's key pair", () => {
  test("seals to the new pair at once, reseals every value, destroys the former pair, and is recorded", async () => {
    const target = await start();
    process.env.WEB_DATABASE_URL = urls.webUrl;
    expect((await sealingKey(fabric.fabricId, owner)).kid).toBe(target);
    delete process.env.WEB_DATABASE_URL;
    expect(await read()).toEqual({ username: "ada", password: "canary" });

    expect(await step()).toBe("worked");
    expect(await kidsInUse()).toEqual([target]);
    expect(await read()).toEqual({ username: "ada", password: "canary" });
    expect(await rotation()).toMatchObject({ state: "running", done: 3, total: 3, unopened: 0 });

    expect(await step(0)).toBe("ended");
    expect(await keysOfFabric()).toEqual([target]);
    expect(await rotation()).toMatchObject({ state: "done", done: 3, total: 3, unopened: 0 });
    expect(await read()).toEqual({ username: "ada", password: "canary" });
    const startedBy = "Ada Admin";
    expect(await events()).toEqual([
      ["fabric.key.rotate", startedBy, { kid: target, values: 3 }],
      ["fabric.key.reseal", "Automate", { kid: target, values: 3, startedBy }],
      ["fabric.key.destroy", "Automate", { kid: former }],
      ["fabric.key.rotated", "Automate", { kid: target, values: 3, startedBy }],
    ]);
  });

  test("stores who made the new pair", async () => {
    const target = await start();
    const { id, name } = fabric.admin;
    expect(await owner.fabricKey.findUnique({ where: { kid: target } })).toMatchObject({
      createdById: id,
      createdByName: name,
    });
  });

  test("keeps the former pair until nothing has been under it for a minute", async () => {
    await start();
    await step();
    expect(await step()).toBe("waiting");
    expect(await step()).toBe("waiting");
    expect(await keysOfFabric()).toHaveLength(2);
    await owner.fabricKey.update({
      where: { kid: former },
      data: { emptySince: new Date(Date.now() - 61_000) },
    });
    await owner.keyRotation.updateMany({ data: { startedAt: new Date(Date.now() - 61_000) } });
    expect(await step()).toBe("ended");
    expect(await keysOfFabric()).toHaveLength(1);
  });

  test("reseals a value that arrives late under the former pair, and then waits a minute again", async () => {
    const target = await start();
    await step();
    await step();
    await addLateValue(3);
    expect(await step()).toBe("worked");
    expect(await kidsInUse()).toEqual([target]);
    expect(await step()).toBe("waiting");
    await addLateValue(4);
    await destroyFormerKeys({ fabricId: fabric.fabricId });
    expect(await owner.fabricKey.findUnique({ where: { kid: former } })).toMatchObject({ emptySince: null });
  });

  test("cannot destroy a pair that a value needs, and no value can be stored under a destroyed pair", async () => {
    await expect(owner.fabricKey.delete({ where: { kid: former } })).rejects.toThrow();
    const row = { secretId: secret.id, field: "x", version: 9, fabricId: fabric.fabricId, sealed: "" };
    await expect(owner.secretField.create({ data: { ...row, kid: "gone" } })).rejects.toThrow();
  });

  test("keeps a pair under which a value is stored while it is being destroyed", async () => {
    await start();
    await step();
    let destroying: Promise<void> | undefined;
    await owner.$transaction(async (tx) => {
      const { fabricId } = fabric;
      const late = {
        secretId: secret.id,
        field: "username",
        version: 9,
        fabricId,
        kid: former,
        sealed: "late",
      };
      await tx.secretField.create({ data: late, select: { kid: true } });
      destroying = destroyFormerKeys({ fabricId, grace: 0 });
      await expect.poll(() => countWaiting(owner, "fabric_key")).toBe(1);
    });
    await destroying;
    expect(await keysOfFabric()).toContain(former);
  });

  test("runs once at a time, and pauses and resumes", async () => {
    await start();
    await expect(start()).rejects.toThrow(AlreadyRotating);
    expect(await keysOfFabric()).toHaveLength(2);
    const pause = (isPaused: boolean) =>
      db.$transaction((tx) =>
        setPaused(tx, { kind: "fabric", fabricId: fabric.fabricId }, isPaused, fabric.admin),
      );
    expect(await pause(true)).toBe(true);
    expect(await pause(true)).toBe(false);
    expect(await step()).toBeNull();
    await expect(start()).rejects.toThrow(AlreadyRotating);
    expect(await read()).toEqual({ username: "ada", password: "canary" });
    expect(await pause(false)).toBe(true);
    expect(await step()).toBe("worked");
    expect((await events()).map(([action]) => action)).toEqual([
      "fabric.key.rotate",
      "fabric.key.pause",
      "fabric.key.resume",
      "fabric.key.reseal",
    ]);
  });

  test("stores nothing of a batch that was paused, or that another copy took over, while it was resealed", async () => {
    await start();
    for (const change of [{ state: "paused" }, { holder: "another copy" }]) {
      await owner.keyRotation.updateMany({
        data: { state: "running", holder: "", leasedUntil: new Date(0) },
      });
      const claimed = await claimRotation("");
      if (!claimed) throw new Error("not claimed");
      await owner.keyRotation.updateMany({ data: change });
      expect(await rotateFabricKey(claimed, { keys: fabric.keys, reseal })).toBe("ended");
      expect(await kidsInUse()).toEqual([former]);
    }
    expect((await events()).map(([action]) => action)).toEqual(["fabric.key.rotate"]);
  });

  test("belongs to one copy until its lease ends", async () => {
    await start();
    const claimed = await claimRotation("");
    expect(await claimRotation("")).toBeNull();
    await releaseRotation(claimed?.id ?? "", 0);
    expect(await claimRotation("")).toMatchObject({ id: claimed?.id });
  });

  test("lists a value that does not open, and goes on with the others; the former pair stays until it is replaced", async () => {
    await owner.secretField.updateMany({
      where: { secretId: secret.id, field: "username" },
      data: { sealed: "damaged" },
    });
    const target = await start();
    expect(await step()).toBe("worked");
    expect((await kidsInUse()).sort()).toEqual([former, target].sort());
    expect(await step(0)).toBe("ended");
    expect(await rotation()).toMatchObject({ state: "done", done: 2, total: 3, unopened: 1 });
    const { id: rotationId } = await rotation();
    expect(await owner.unopenedValue.findMany()).toEqual([
      { secretId: secret.id, field: "username", version: 1, rotationId },
    ]);
    expect((await events()).at(-1)).toMatchObject(["fabric.key.rotated", "Automate", { unopened: 1 }]);
    await destroyFormerKeys({ grace: 0 });
    expect(await keysOfFabric()).toEqual([former, target]);

    await owner.secretField.deleteMany({ where: { secretId: secret.id, field: "username", version: 1 } });
    expect(await owner.unopenedValue.count()).toBe(0);
    await destroyFormerKeys({ grace: 0 });
    expect(await keysOfFabric()).toEqual([target]);
  });

  test("goes on with the other values while somebody deletes one", async () => {
    const target = await start();
    await owner.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT FROM secret_field WHERE "secretId" = ${secret.id} AND version = 2 FOR UPDATE`;
      expect(await step()).toBe("worked");
    });
    expect((await kidsInUse()).sort()).toEqual([former, target].sort());
    expect(await step()).toBe("worked");
    expect(await kidsInUse()).toEqual([target]);
  });

  test("leaves no private key of a destroyed pair in memory", async () => {
    await read();
    await start();
    await step();
    await step(0);
    await expect(fabric.keys.privateKey(fabric.fabricId, former)).resolves.toBeDefined();
    await fabric.keys.forgetDestroyed();
    await expect(fabric.keys.privateKey(fabric.fabricId, former)).rejects.toThrow();
    expect(await read()).toEqual({ username: "ada", password: "canary" });
  });

  test("does not reseal to a key that automate did not sign", async () => {
    const target = await start();
    const other = await fabric.keys.newPair(fabric.fabricId);
    await owner.fabricKey.update({ where: { kid: target }, data: { publicJwk: other.publicJwk } });
    await expect(step()).rejects.toThrow("not signed");
    expect(await kidsInUse()).toEqual([former]);
  });
});

describe("the schedule", () => {
  test("rotates the keys that are older than so many days, once each", async () => {
    await startDueRotations(fabric.keys, 90);
    expect(await keysOfFabric()).toEqual([former]);
    const createdAt = new Date(Date.now() - 91 * 86_400_000);
    await owner.fabricKey.update({ where: { kid: former }, data: { createdAt } });
    await startDueRotations(fabric.keys, 90);
    await startDueRotations(fabric.keys, 90);
    expect(await keysOfFabric()).toHaveLength(2);
    expect(await rotation()).toMatchObject({ state: "running", startedByName: "Automate" });
    expect(await step()).toBe("worked");
  });
});
