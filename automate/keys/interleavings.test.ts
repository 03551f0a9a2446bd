import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destroyFormerKeys } from "@/automate/keys/destroy";
import { AlreadyRotating, claimRotation } from "@/automate/keys/key-rotation";
import { type Reseal, rotateFabricKey, startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { purge } from "@/automate/purge";
import { reseal } from "@/automate/secrets/reseal";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { open } from "@/lib/crypto/open";
import { closeDb, db } from "@/lib/db/client";
import { automateEnv, webEnv } from "@/lib/env";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { type PreparedSecret, prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import { sealingToNewestKey } from "@/lib/secrets/sealing";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

/*
 * Web's writes and automate's rotation in one process, as the owner of the database, in any order and at the same
 * time. The former keys are destroyed at once, without the minute that usually protects writes in progress.
 */

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, web, automate, { TRASH_DAYS: "0", AUTOMATE_DATABASE_URL: urls.automateUrl });
  webEnv();
  automateEnv();
  delete process.env.AUTOMATE_DATABASE_URL;
  delete process.env.WEB_DATABASE_URL;
  process.env.DATABASE_URL = urls.ownerUrl;
});

afterAll(async () => {
  await closeDb();
  delete process.env.DATABASE_URL;
});

const writes = [
  "create",
  "seal",
  "store",
  "replace username",
  "replace password",
  "rename",
  "delete",
  "purge",
] as const;
const rotations = ["start", "batch", "crash", "take over", "destroy"] as const;
type Act = { act: (typeof writes)[number] | (typeof rotations)[number]; pick: number };

const act: fc.Arbitrary<Act> = fc.record({
  // More of what ends a rotation, so that most trials have several.
  act: fc.constantFrom(...writes, ...rotations, "start", "batch", "batch", "batch", "seal", "store"),
  pick: fc.nat(1_000),
});

const turns = fc.array(fc.array(act, { minLength: 1, maxLength: 3 }), { maxLength: 24, size: "max" });

test("any interleaving of writes, rotations and crashes leaves every value readable, and nothing under a former key", async () => {
  await fc.assert(
    fc.asyncProperty(turns, async (turns) => {
      const trial = await createTrial();
      for (const turn of turns) await Promise.all(turn.map(trial.perform));
      await trial.finish();
      await trial.check();
    }),
    { numRuns: process.env.RUN_LONG ? 200 : 10 },
  );
}, 600_000);

type Value = { username: string; password: string };

async function createTrial() {
  const fabric = await createTestFabric(db);
  const current = new Map<string, { value: Value; version: number }>();
  const sealed: { value: Value; prepared: PreparedSecret[] }[] = [];
  let names = 0;
  const write = () => fabric.scope("user", "secret:write");

  const secretAt = (pick: number) => {
    const ids = [...current.keys()];
    return ids[pick % ids.length];
  };

  async function create(): Promise<void> {
    names += 1;
    const value = { username: `u${names}`, password: `p${names}` };
    const name = `s${names}`;
    const created = await createSecret(write(), {
      subKind: "username_password",
      name,
      description: "",
      fields: value,
    });
    if (!created.ok) throw new Error(created.code);
    current.set(created.value.id, { value, version: 1 });
  }

  /** Seals a new secret, as a web that is then slow to store it. */
  async function sealNew(): Promise<void> {
    names += 1;
    const value = { username: `u${names}`, password: `p${names}` };
    const input = {
      subKind: "username_password",
      name: `s${names}`,
      description: "",
      fields: value,
    } as const;
    sealed.push({ value, prepared: await prepareSecrets(write(), [{ id: uuidv7(), input }]) });
  }

  async function storeSealed(): Promise<void> {
    const next = sealed.shift();
    if (!next) return;
    const { value, prepared } = next;
    let attempts = 0;
    await sealingToNewestKey(async () => {
      attempts += 1;
      const again = attempts > 1 ? await prepareSecrets(write(), prepared) : prepared;
      return storeNewSecrets(write(), again);
    });
    for (const { id } of prepared) current.set(id, { value, version: 1 });
  }

  async function replace(pick: number, field: keyof Value): Promise<void> {
    const secretId = secretAt(pick);
    const before = secretId === undefined ? undefined : current.get(secretId);
    if (!secretId || !before) return;
    names += 1;
    const fields = { [field]: `${field} ${names}` };
    const subKind = "username_password" as const;
    const input = { subKind, secretId, fields, destinationIds: [] };
    const replaced = await replaceSecret(write(), { ...input, expectedVersion: before.version });
    // Another act of the same turn may have replaced or deleted it.
    if (replaced.ok && current.has(secretId))
      current.set(secretId, { value: { ...before.value, ...fields }, version: replaced.value.version });
  }

  async function remove(pick: number): Promise<void> {
    const secretId = secretAt(pick);
    if (secretId === undefined) return;
    current.delete(secretId);
    await deleteSecret(fabric.scope("admin", "secret:delete:own"), { secretId });
  }

  async function perform({ act: what, pick }: Act): Promise<void> {
    try {
      if (what === "create") await create();
      else if (what === "seal") await sealNew();
      else if (what === "store") await storeSealed();
      else if (what === "replace username") await replace(pick, "username");
      else if (what === "replace password") await replace(pick, "password");
      else if (what === "rename") {
        const secretId = secretAt(pick);
        names += 1;
        if (secretId) await renameSecret(write(), { secretId, name: `renamed${names}` });
      } else if (what === "delete") await remove(pick);
      else if (what === "purge") await purge();
      else await rotate(what, pick);
    } catch (error) {
      // Another act of the same turn deleted the secret.
      if (!(error instanceof Error && error.name === "NotFound")) throw error;
    }
  }

  async function rotate(what: (typeof rotations)[number], pick: number): Promise<void> {
    const { keys, fabricId } = fabric;
    if (what === "start") await start(fabric);
    else if (what === "destroy") await destroyFormerKeys({ fabricId, grace: 0 });
    else {
      const size = 1 + (pick % 8);
      const few: Reseal = (by, to, values, afterEach) => reseal(by, to, values.slice(0, size), afterEach);
      const crash: Reseal = async (...args) => {
        await few(...args);
        throw new Crash();
      };
      const taken: Reseal = async (...args) => {
        const resealed = await few(...args);
        await freeLease(fabricId);
        return resealed;
      };
      await freeLease(fabricId);
      const rotation = await claimRotation("");
      if (!rotation) return;
      const chosen = { batch: few, crash, "take over": taken }[what];
      await rotateFabricKey(rotation, { keys, reseal: chosen }, 0).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
    }
  }

  return {
    perform,
    /** Ends the rotation, if one runs. */
    async finish(): Promise<void> {
      while (sealed.length > 0) await storeSealed();
      await purge();
      for (;;) {
        await freeLease(fabric.fabricId);
        const rotation = await claimRotation("");
        if (!rotation) break;
        await rotateFabricKey(rotation, { keys: fabric.keys, reseal }, 0);
      }
      await destroyFormerKeys({ fabricId: fabric.fabricId, grace: 0 });
    },
    async check(): Promise<void> {
      const { fabricId } = fabric;
      const stored = await db.fabricKey.findMany({ where: { fabricId }, select: { kid: true } });
      const used = await db.secretField.groupBy({ by: ["kid"], where: { fabricId } });
      expect(stored).toHaveLength(1);
      expect(used.filter(({ kid }) => kid !== stored[0]?.kid)).toEqual([]);
      expect(await db.unopenedValue.count()).toBe(0);
      for (const [id, { value }] of current) expect(await read(fabric, id)).toEqual(value);
    },
  };
}

class Crash extends Error {}

async function start(fabric: TestFabric): Promise<void> {
  const pair = await fabric.keys.newPair(fabric.fabricId);
  await db
    .$transaction((tx) => startFabricRotation(tx, pair, fabric.admin))
    .catch((error: unknown) => {
      if (!(error instanceof AlreadyRotating)) throw error;
    });
}

async function freeLease(fabricId: string): Promise<void> {
  await db.keyRotation.updateMany({ where: { fabricId }, data: { holder: "", leasedUntil: new Date(0) } });
}

async function read(fabric: TestFabric, id: string): Promise<Record<string, string>> {
  const { fabricId, keys } = fabric;
  const secret = await findSecretById({ fabricId }, id);
  if (!secret) throw new Error("It is gone.");
  const { subKind } = secret;
  const fields = Object.entries(secret.manifest).map(async ([field, version]) => {
    const secretId_field_version = { secretId: id, field, version };
    const { kid, sealed } = await db.secretField.findUniqueOrThrow({
      where: { secretId_field_version },
      select: { kid: true, sealed: true },
    });
    const key = await keys.privateKey(fabricId, kid);
    return [field, open(sealed, key, { fabricId, secretId: id, subKind, field, version }).revealText()];
  });
  return Object.fromEntries(await Promise.all(fields));
}
