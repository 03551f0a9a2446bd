import {
  type BatchOutcome,
  endRotation,
  type Rotation,
  type Starter,
  startRotation,
  storeBatch,
  whileHeld,
} from "@/automate/keys/key-rotation";
import { createPace } from "@/automate/keys/pace";
import { wrapProven } from "@/automate/keys/wrap-proven";
import { db, type Tx } from "@/lib/db/client";
import { CannotUnwrap, KeyServiceFault } from "@/lib/kms/define";
import type { Keyring } from "@/lib/kms/keyring";

/** How many fabric keys a batch has at most, and how long it works on them. */
const maxBatch = { keys: 500, ms: 5_000 };
/** How many calls of a key service are in flight. */
const lanes = 8;

type WrappedKey = { kid: string; fabricId: string; wrappedKey: string; masterKeyId: string };
type Rewrapped = { kid: string; masterKeyId: string; wrappedKey: string };

/** Starts to wrap all fabric keys with the primary master key of the keyring. Throws `AlreadyRotating`. */
export async function startMasterRotation(tx: Tx, keyring: Keyring, starter: Starter): Promise<string> {
  const target = keyring.primary.fingerprint;
  return startRotation(tx, { kind: "master", fabricId: null }, starter, async () => {
    return { target, total: await countOthers(tx, target) };
  });
}

/** How many fabric keys another master key wraps, without those of fabrics that have a master key of their own. */
async function countOthers(tx: Tx, target: string): Promise<number> {
  const [row] = await tx.$queryRaw<{ others: number }[]>`
    SELECT count(*)::int AS others FROM fabric_key k
    WHERE "masterKeyId" <> ${target} AND NOT EXISTS (SELECT 1 FROM fabric_master_key m WHERE m."fabricId" = k."fabricId")`;
  return row?.others ?? 0;
}

/** The progress of one copy of automate through the keys of a rotation. A new pass meets the faults again. */
export type Pass = { after: string; damaged: number; fault?: KeyServiceFault };

/**
 * Rewraps one batch of fabric keys. The keys themselves stay the same, so that no value changes. Goes on past a
 * key whose master key is not usable, and throws its fault at the end of the pass.
 */
export async function rewrap(
  rotation: Rotation,
  keyring: Keyring,
  pass: Pass,
  pace = createPace(),
): Promise<BatchOutcome> {
  const startedAt = performance.now();
  const { target } = rotation;
  const rows = await db.$queryRaw<WrappedKey[]>`
    SELECT kid, "fabricId", "wrappedKey", "masterKeyId" FROM fabric_key k
    WHERE "masterKeyId" <> ${target} AND kid > ${pass.after}
      AND NOT EXISTS (SELECT 1 FROM fabric_master_key m WHERE m."fabricId" = k."fabricId")
    ORDER BY kid LIMIT ${maxBatch.keys}::int`;
  if (rows.length === 0) return endOfPass(rotation, pass);
  const rewrapped: Rewrapped[] = [];
  const waiting = rows.values();
  const work = async () => {
    for (const row of waiting) {
      const wrappedKey = await rewrapOne(keyring, row, pass);
      if (row.kid > pass.after) pass.after = row.kid;
      if (wrappedKey !== null) rewrapped.push({ ...row, wrappedKey });
      await pace.rest();
      if (performance.now() - startedAt > maxBatch.ms) return;
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return storeBatch(rotation, startedAt, async (tx) => ({
    done: await storeRewrapped(tx, target, rewrapped),
    unopened: 0,
  }));
}

async function rewrapOne(keyring: Keyring, row: WrappedKey, pass: Pass): Promise<string | null> {
  const { fabricId, kid } = row;
  try {
    const key = await keyring.get(row.masterKeyId).unwrap(row.wrappedKey, { fabricId, kid });
    return await wrapProven(keyring.primary, key, { fabricId, kid }).finally(() => key.fill(0));
  } catch (error) {
    if (error instanceof CannotUnwrap) pass.damaged += 1;
    else if (error instanceof KeyServiceFault) pass.fault = error;
    else throw error;
    return null;
  }
}

/** Skips a key that another transaction holds: the next pass rewraps it, if it is still there. */
function storeRewrapped(tx: Tx, target: string, rewrapped: readonly Rewrapped[]): Promise<number> {
  return tx.$executeRaw`
    WITH unlocked AS (
      SELECT k.kid, r."wrappedKey" FROM fabric_key k
      JOIN unnest(
        ${rewrapped.map(({ kid }) => kid)}::text[], ${rewrapped.map(({ masterKeyId }) => masterKeyId)}::text[],
        ${rewrapped.map(({ wrappedKey }) => wrappedKey)}::text[]) AS r(kid, "masterKeyId", "wrappedKey")
      ON r.kid = k.kid AND r."masterKeyId" = k."masterKeyId"
      FOR NO KEY UPDATE OF k SKIP LOCKED
    )
    UPDATE fabric_key k SET "wrappedKey" = unlocked."wrappedKey", "masterKeyId" = ${target}
    FROM unlocked WHERE k.kid = unlocked.kid`;
}

/**
 * Ends the rotation when only keys are left that their master key does not unwrap. Otherwise begins a new pass: a
 * key was locked, or was wrapped with a former master key in the meantime.
 */
async function endOfPass(rotation: Rotation, pass: Pass): Promise<BatchOutcome> {
  const { damaged, fault } = pass;
  Object.assign(pass, { after: "", damaged: 0, fault: undefined });
  if (fault) throw fault;
  return whileHeld(rotation, async (tx) => {
    const left = await countOthers(tx, rotation.target);
    if (left > damaged) return "worked";
    await tx.keyRotation.update({ where: { id: rotation.id }, data: { unopened: left } });
    await endRotation(tx, rotation);
    return "ended";
  });
}
