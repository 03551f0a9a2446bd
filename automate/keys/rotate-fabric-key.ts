import { resealedValues } from "@/automate/http/metrics";
import { destroyFormerKeys, graceSeconds } from "@/automate/keys/destroy";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import {
  type BatchOutcome,
  endRotation,
  type Rotation,
  type Starter,
  startRotation,
  storeBatch,
  whileHeld,
} from "@/automate/keys/key-rotation";
import { createPace, type Pace } from "@/automate/keys/pace";
import type { SealContext } from "@/lib/crypto/context";
import type { VerifiedFabricKey } from "@/lib/crypto/fabric-key";
import type { Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";

type Position = Pick<SealContext, "secretId" | "field" | "version">;

/** A sealed value as stored, with the type of its secret, which is a part of its seal context. */
export type StoredValue = Position & { kid: string; sealed: string; subKind: string };

/** A value sealed to another key of its fabric, beside what was stored; null when that could not be opened. */
export type ResealedValue = Position & { formerSealed: string; sealed: string | null };

/** Opens values and seals them again: `automate/secrets/reseal.ts`. */
export type Reseal = (
  keys: FabricKeys,
  to: VerifiedFabricKey,
  values: readonly StoredValue[],
  afterEach: () => Promise<boolean>,
) => Promise<ResealedValue[]>;

/** How many bytes of stored values a batch has at most, but for a single larger one. */
const maxBytes = 8 * 1024 * 1024;

/**
 * The target of a rotation is older than a key that is in use. Somebody changed the database: perhaps they know the
 * private key of a former pair, and put it back.
 */
export class OlderFabricKey extends Error {
  override name = "OlderFabricKey";
  constructor() {
    super("The rotation’s key is older than a key that is in use: somebody changed the database.");
  }
}

/**
 * Stores a new key pair of a fabric, to which web seals at once, and starts to reseal the values that are under
 * former ones. Throws `AlreadyRotating`.
 */
export async function startFabricRotation(
  tx: Tx,
  pair: Awaited<ReturnType<FabricKeys["newPair"]>>,
  starter: Starter,
): Promise<string> {
  const { fabricId, kid: target } = pair;
  return startRotation(tx, { kind: "fabric", fabricId }, starter, async () => {
    const by = { createdById: starter.id, createdByName: starter.name };
    await tx.fabricKey.create({ data: { ...pair, ...by }, select: { kid: true } });
    const total = await tx.secretField.count({ where: { key: { fabricId, kid: { not: target } } } });
    return { target, total };
  });
}

/**
 * Reseals one batch of values that are under former keys of the fabric. When nothing is left that opens, destroys
 * the former keys and ends.
 */
export async function rotateFabricKey(
  rotation: Rotation,
  { keys, reseal, pace = createPace() }: { keys: FabricKeys; reseal: Reseal; pace?: Pace },
  grace = graceSeconds,
): Promise<BatchOutcome> {
  const startedAt = performance.now();
  const fabricId = rotation.fabricId ?? "";
  const { size, ms } = pace.batch();
  const values = await nextValues(fabricId, rotation.target, rotation.id, size);
  if (values.length === 0) return destroyUnneededKeys(rotation, fabricId, grace);
  if (values.some(({ kid }) => kid > rotation.target)) throw new OlderFabricKey();
  const target = await keys.sealingKey(fabricId, rotation.target);
  const resealed = await reseal(keys, target, values, async () => {
    await pace.rest();
    return performance.now() - startedAt < ms;
  });
  return storeBatch(rotation, startedAt, (tx) => storeResealed(tx, rotation, resealed));
}

/**
 * The next values of fabric `$1` that are not under its key `$2`, at most `$4`, without those that rotation `$3` could
 * not open. A prepared query, because Prisma would block requests for longer while it reads the rows.
 */
const nextValues = preparedQuery<StoredValue>(
  `WITH next AS (
     SELECT f."secretId", f.field, f.version, octet_length(f.sealed) AS size
     FROM secret_field f
     WHERE f.kid IN (SELECT kid FROM fabric_key WHERE "fabricId" = $1 AND kid <> $2)
       AND NOT EXISTS (
         SELECT 1 FROM unopened_value u
         WHERE u."secretId" = f."secretId" AND u.field = f.field AND u.version = f.version AND u."rotationId" = $3)
     LIMIT $4::int
   ), summed AS (
     SELECT "secretId", field, version, size, sum(size) OVER (ORDER BY "secretId", field, version) AS total FROM next
   )
   SELECT f."secretId", f.field, f.version, f.kid, f.sealed, s."subKind"
   FROM summed
   JOIN secret_field f ON f."secretId" = summed."secretId" AND f.field = summed.field AND f.version = summed.version
   JOIN secret s ON s.id = f."secretId"
   WHERE summed.total - summed.size < ${maxBytes}`,
);

/**
 * Skips values that somebody is deleting: a deletion never waits for a lock that waits for it. A value that was
 * changed in the meantime, under whichever key, stays as it is.
 */
async function storeResealed(tx: Tx, { id, target }: Rotation, all: readonly ResealedValue[]) {
  const opened = all.filter((value) => value.sealed !== null);
  const unopened = all.filter((value) => value.sealed === null);
  const done = await tx.$executeRaw`
    WITH resealed AS (
      SELECT * FROM unnest(
        ${opened.map(({ secretId }) => secretId)}::text[], ${opened.map(({ field }) => field)}::text[],
        ${opened.map(({ version }) => version)}::int[], ${opened.map(({ formerSealed }) => formerSealed)}::text[],
        ${opened.map(({ sealed }) => sealed)}::text[]) AS r("secretId", field, version, former, sealed)
    ), unlocked AS (
      SELECT f."secretId", f.field, f.version, r.sealed FROM secret_field f
      JOIN resealed r
        ON r."secretId" = f."secretId" AND r.field = f.field AND r.version = f.version AND r.former = f.sealed
      FOR NO KEY UPDATE OF f SKIP LOCKED
    )
    UPDATE secret_field f SET sealed = unlocked.sealed, kid = ${target} FROM unlocked
    WHERE f."secretId" = unlocked."secretId" AND f.field = unlocked.field AND f.version = unlocked.version`;
  const noted = await tx.$executeRaw`
    INSERT INTO unopened_value ("secretId", field, version, "rotationId")
    SELECT f."secretId", f.field, f.version, ${id} FROM secret_field f
    JOIN unnest(
      ${unopened.map(({ secretId }) => secretId)}::text[], ${unopened.map(({ field }) => field)}::text[],
      ${unopened.map(({ version }) => version)}::int[], ${unopened.map(({ formerSealed }) => formerSealed)}::text[])
      AS u("secretId", field, version, former)
    ON u."secretId" = f."secretId" AND u.field = f.field AND u.version = f.version AND u.former = f.sealed
    ON CONFLICT DO NOTHING`;
  resealedValues.inc({ outcome: "resealed" }, done);
  resealedValues.inc({ outcome: "cannot_open" }, noted);
  return { done, unopened: noted };
}

/**
 * Ends when each former key is destroyed, or holds values that do not open. A transaction that began before the
 * new key existed may still store a value under a former one, so it waits as long as that could take.
 */
async function destroyUnneededKeys(
  rotation: Rotation,
  fabricId: string,
  grace: number,
): Promise<BatchOutcome> {
  await destroyFormerKeys({ fabricId, grace });
  const { id, target } = rotation;
  return whileHeld(rotation, async (tx) => {
    const [settled] = await tx.$queryRaw<unknown[]>`
      SELECT FROM key_rotation r
      WHERE r.id = ${id} AND r."startedAt" <= now() - make_interval(secs => ${grace}::float) AND NOT EXISTS (
        SELECT 1 FROM fabric_key k LEFT JOIN secret_field f ON f.kid = k.kid
        WHERE k."fabricId" = ${fabricId} AND k.kid <> ${target} AND NOT EXISTS (
          SELECT 1 FROM unopened_value u
          WHERE u."secretId" = f."secretId" AND u.field = f.field AND u.version = f.version AND u."rotationId" = r.id))`;
    if (!settled) return "waiting";
    await endRotation(tx, rotation);
    return "ended";
  });
}
