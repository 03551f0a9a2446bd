import "server-only";
import { allRecorded } from "@/lib/audit/batched-writer";
import { type AuditEntry, eventsJson, insertEvents } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { type Addition, withinQuotas } from "@/lib/quotas/require-room";
import { takesAnyTrashedName } from "@/lib/secrets/names";
import type { CreateSecretInput, SecretMetadata } from "@/lib/secrets/schema";
import type { SealedFields } from "@/lib/secrets/sealing";
import { expiryColumns, type ValueWriter } from "@/lib/secrets/write";

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

// Both queries below store a version by these parts, with the parameters of `valuesOf`.
const storeVersion = `
  new_version AS (
    INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, keeps, "createdById", "createdByName", "storedKib")
    VALUES ($2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $13)
  ), new_fields AS (
    INSERT INTO secret_field ("secretId", field, version, "fabricId", kid, sealed)
    SELECT $2, one.field, $3, $4, one.kid, one.sealed
    FROM unnest($10::text[], $11::text[], $12::text[]) AS one(field, kid, sealed)
  ), recorded AS (${insertEvents})
  SELECT ${allRecorded()} AS recorded`;

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
  `WITH replaced AS (UPDATE secret SET "isReplaced" = true WHERE id = $2 AND $3 > 0 AND NOT "isReplaced"), ${storeVersion}`,
);

// A name that a secret in the trash has is freed first, because `new_name` counts it. `holder` waits for a restore of
// that secret, and then looks again.
const insertSecret = preparedQuery<{ recorded: true }>(
  `WITH new_secret AS (
    INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName",
      "expiresAt", "expirySource")
    VALUES ($2, $4, $14, $15, $16, $17, $21, $22, $8, $9, $18, $19)
  ), holder AS (
    SELECT s.id FROM secret_name n JOIN secret s ON s.id = n."secretId"
    WHERE n."fabricId" = $4 AND n."nameKey" = $15 AND s."deletedAt" IS NOT NULL AND ($20::boolean OR s."createdById" = $8)
    FOR UPDATE OF s
  ), freed AS (
    DELETE FROM secret_name WHERE "fabricId" = $4 AND "nameKey" = $15 AND "secretId" IN (SELECT id FROM holder) RETURNING 1
  ), new_name AS (
    INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId")
    SELECT $4, $15, $14, $2 FROM (SELECT count(*) FROM freed) AS after
  ), new_use AS (
    INSERT INTO secret_use ("secretId", "fabricId") VALUES ($2, $4)
  ), ${storeVersion}`,
);

/**
 * Stores a further version of a secret, which the caller's transaction has locked. Throws `QuotaExceeded`.
 */
export async function storeNewVersion(tx: Tx, scope: ValueWriter, version: NewVersion): Promise<void> {
  const store = () => insertVersion.within(tx, ...valuesOf(scope, version));
  await withinQuotas(scope, storedMib(version), store, tx);
}

/** The transaction to store in, and the person who counts as the creator instead of the author of the value. */
export type Storing = { tx?: Tx | undefined; creator?: { id: string; name: string } };

/**
 * Stores a new secret with its name and its first version. A single query, so that it is atomic even outside
 * a transaction. It takes a name that a secret in the trash has, if the actor may.
 * Throws a unique violation when the name is taken, and `QuotaExceeded`.
 */
export async function storeNewSecret(
  scope: ValueWriter,
  { name, subKind, description, expiresAt }: Omit<CreateSecretInput, "fields" | "fileName">,
  version: NewVersion,
  { tx, creator = scope.actor }: Storing = {},
): Promise<void> {
  const expiry = expiryColumns(version.metadata, expiresAt);
  const values = [
    ...valuesOf(scope, version),
    ...[name, name.toLowerCase(), subKind, description],
    ...[expiry.expiresAt, expiry.expirySource],
    takesAnyTrashedName(scope),
    ...[creator.id, creator.name],
  ];
  const store = (within?: Tx) => (within ? insertSecret.within(within, ...values) : insertSecret(...values));
  await withinQuotas(scope, { secrets: 1, ...storedMib(version) }, store, tx);
}
