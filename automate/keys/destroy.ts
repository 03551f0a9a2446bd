import { recordKeyEvent } from "@/automate/keys/record-key-event";
import { systemActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";
import { sqlStateOf } from "@/lib/db/errors";

/**
 * How long nothing must have been sealed to a former key before it is destroyed. A read that took a value from
 * the database can then still open it, and so can a transaction that started with the key end: none may last
 * longer.
 */
export const graceSeconds = 60;

/** A fabric key that a newer one has replaced. */
type FormerKey = { kid: string; fabricId: string; isUnneeded: boolean };

/**
 * Destroys the former keys that no value has needed for a minute: of one fabric, or of all.
 */
export async function destroyFormerKeys({
  fabricId,
  grace = graceSeconds,
}: {
  fabricId?: string;
  grace?: number;
} = {}): Promise<void> {
  const former = await noteFormerKeys(fabricId ?? null, grace);
  for (const key of former.filter(({ isUnneeded }) => isUnneeded)) await destroy(key);
}

/** Stores since when each former key has had no value, and returns the former keys. */
function noteFormerKeys(fabricId: string | null, grace: number): Promise<FormerKey[]> {
  return db.$queryRaw<FormerKey[]>`
    WITH former AS (
      SELECT k.kid, k."fabricId", k."emptySince", EXISTS (SELECT 1 FROM secret_field f WHERE f.kid = k.kid) AS "hasValues"
      FROM fabric_key k
      WHERE (${fabricId}::text IS NULL OR k."fabricId" = ${fabricId}) AND EXISTS (
        SELECT 1 FROM fabric_key newer
        WHERE newer."fabricId" = k."fabricId" AND newer.kid > k.kid)
    ), noted AS (
      UPDATE fabric_key k SET "emptySince" = CASE WHEN changed."hasValues" THEN NULL ELSE now() END
      FROM (
        SELECT former.kid, former."hasValues" FROM former JOIN fabric_key ON fabric_key.kid = former.kid
        WHERE (former."emptySince" IS NULL) <> former."hasValues"
        FOR NO KEY UPDATE OF fabric_key SKIP LOCKED
      ) changed WHERE k.kid = changed.kid
    )
    SELECT kid, "fabricId",
      NOT "hasValues" AND coalesce("emptySince" <= now() - make_interval(secs => ${grace}::float), ${grace}::float = 0) AS "isUnneeded"
    FROM former ORDER BY kid`;
}

async function destroy({ kid, fabricId }: FormerKey): Promise<void> {
  try {
    await db.$transaction(async (tx) => {
      const { count } = await tx.fabricKey.deleteMany({ where: { kid } });
      // Another copy of automate was faster.
      if (count > 0) await recordKeyEvent(tx, systemActor, "fabric.key.destroy", { fabricId, kid });
    });
  } catch (error) {
    // A value was stored under it in the meantime: a foreign key protects each key that a value needs.
    if (!isNeeded(error)) throw error;
  }
}

/** True for SQLSTATE 23001, a violation of RESTRICT. Before Postgres 18, it is 23503. */
function isNeeded(error: unknown): boolean {
  return ["23001", "23503"].includes(sqlStateOf(error) ?? "");
}
