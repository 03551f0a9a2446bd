import "server-only";
import { allRecorded } from "@/lib/audit/batched-writer";
import { type AuditEntry, eventsJson, insertEvents } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { type Addition, withinQuotas } from "@/lib/quotas/require-room";
import type { SecretMetadata } from "@/lib/secrets/schema";
import type { SealedFields } from "@/lib/secrets/sealing";
import type { ValueWriter } from "@/lib/secrets/write";

/** A version of a secret, its sealed fields and its audit event, ready to be stored. */
export type NewVersion = {
  secretId: string;
  version: number;
  /** For each field of the value, the version that set it. */
  manifest: Readonly<Record<string, number>>;
  metadata: SecretMetadata;
  /** Ids of the former version's allowed destinations that this version keeps. */
  keeps: readonly string[];
  sealed: SealedFields;
  event: AuditEntry;
};

function valuesOf(scope: ValueWriter, { sealed, ...version }: NewVersion): unknown[] {
  return [
    eventsJson([version.event]),
    version.secretId,
    version.version,
    scope.fabricId,
    JSON.stringify(version.manifest),
    JSON.stringify(version.metadata),
    version.keeps,
    scope.actor.id,
    scope.actor.name,
    sealed.map(({ field }) => field),
    sealed.map(({ kid }) => kid),
    sealed.map((one) => one.sealed),
    storedKib({ sealed }),
  ];
}

/** The size of a version's sealed fields in KiB, each rounded up: an exact size would reveal a password's length. */
export function storedKib({ sealed }: Pick<NewVersion, "sealed">): number {
  const kib = sealed.reduce((sum, field) => sum + Math.ceil(field.sealed.length / 1024), 0);
  return Math.max(1, kib);
}

/** The storage that a version adds to the quotas. */
function storedMib(version: NewVersion): Addition {
  const mib = storedKib(version) / 1024;
  return { storedByFabric: mib, storedByTeam: mib };
}

const insertVersion = preparedQuery<{ recorded: true }>(
  `WITH replaced AS (
    UPDATE secret SET "isReplaced" = true WHERE id = $2 AND $3 > 0 AND NOT "isReplaced"
  ), awake AS (
    -- The reminders about the former value were put off.
    DELETE FROM snooze WHERE topic = 'secret.expires' AND "objectId" = $2 AND $3 > 0
  ), new_version AS (
    INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, keeps, "createdById", "createdByName", "storedKib",
      "formerExpiresAt", "formerExpirySource")
    SELECT $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $13, "expiresAt", "expirySource" FROM secret WHERE id = $2
  ), new_fields AS (
    INSERT INTO secret_field ("secretId", field, version, "fabricId", kid, sealed)
    SELECT $2, one.field, $3, $4, one.kid, one.sealed
    FROM unnest($10::text[], $11::text[], $12::text[]) AS one(field, kid, sealed)
  ), recorded AS (${insertEvents})
  SELECT ${allRecorded()} AS recorded`,
);

/**
 * Stores a further version of a secret, which the caller's transaction has locked. Throws `QuotaExceeded`.
 */
export async function storeNewVersion(tx: Tx, scope: ValueWriter, version: NewVersion): Promise<void> {
  const store = () => insertVersion.within(tx, ...valuesOf(scope, version));
  await withinQuotas(scope, storedMib(version), store, tx);
}
