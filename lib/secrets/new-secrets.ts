import "server-only";
import { setImmediate as nextTurn } from "node:timers/promises";
import { allRecorded } from "@/lib/audit/batched-writer";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { withinQuotas } from "@/lib/quotas/require-room";
import { takesAnyTrashedName } from "@/lib/secrets/names";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { type SealedFields, sealFields, sealingKey } from "@/lib/secrets/sealing";
import { storedKib } from "@/lib/secrets/versions";
import { entry, expiryColumns, manifestFor, metadataOf, type ValueWriter } from "@/lib/secrets/write";

/** A new secret with its id, which must be new. */
export type NamedSecret = { id: string; input: CreateSecretInput };

/** How many values are sealed before other requests get a turn. */
const sealedAtOnce = 20;

/** A sealed secret that is not stored yet. */
export type PreparedSecret = NamedSecret & { sealed: SealedFields };

/** Seals the fields of new secrets, in the transaction that stores them or before it. */
export async function prepareSecrets(
  { fabricId }: Pick<ValueWriter, "fabricId">,
  secrets: readonly NamedSecret[],
  tx?: Tx,
): Promise<PreparedSecret[]> {
  if (secrets.length === 0) return [];
  const key = await sealingKey(fabricId, tx);
  const prepared: PreparedSecret[] = [];
  for (let at = 0; at < secrets.length; at += sealedAtOnce) {
    if (at > 0) await nextTurn();
    const some = secrets.slice(at, at + sealedAtOnce).map(async ({ id, input }) => {
      const context = { secretId: id, subKind: input.subKind, version: 1 };
      return { id, input, sealed: await sealFields(key, context, input.fields) };
    });
    prepared.push(...(await Promise.all(some)));
  }
  return prepared;
}

const insertSecrets = preparedQuery<{ recorded: true }>(
  `WITH input AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS one(id text, name text, "subKind" text, description text, manifest jsonb,
      facts jsonb, "storedKib" int, "expiresAt" timestamptz, "expirySource" text, sealed jsonb)
  ), new_secret AS (
    INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName",
      "expiresAt", "expirySource")
    SELECT id, $3, name, lower(name), "subKind", description, $7, $8, $4, $5, "expiresAt", "expirySource" FROM input
  ), holder AS (
    -- It waits for a restore of a secret whose name is taken, and then looks again.
    -- With a limit for each name: Postgres would join a hundred names, its guess, by reading those of all fabrics.
    SELECT n."nameKey", s.id FROM input CROSS JOIN LATERAL (
      SELECT "nameKey", "secretId" FROM secret_name WHERE "fabricId" = $3 AND "nameKey" = lower(input.name) LIMIT 1
    ) n JOIN secret s ON s.id = n."secretId"
    WHERE s."deletedAt" IS NOT NULL AND ($6::boolean OR s."createdById" = $4)
    ORDER BY s.id FOR UPDATE OF s
  ), freed AS (
    DELETE FROM secret_name n USING holder
    WHERE n."fabricId" = $3 AND n."nameKey" = holder."nameKey" AND n."secretId" = holder.id
    RETURNING 1
  ), new_name AS (
    -- It counts the freed names, so that Postgres frees them first.
    INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId")
    SELECT $3, lower(name), name, id FROM (SELECT count(*) FROM freed) AS after, input ORDER BY lower(name)
  ), new_use AS (
    INSERT INTO secret_use ("secretId", "fabricId") SELECT id, $3 FROM input
  ), new_version AS (
    INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, keeps, "createdById", "createdByName", "storedKib")
    SELECT id, 1, $3, manifest, facts, '{}', $4, $5, "storedKib" FROM input
  ), new_fields AS (
    INSERT INTO secret_field ("secretId", field, version, "fabricId", kid, sealed)
    SELECT input.id, one.field, 1, $3, one.kid, one.sealed
    FROM input CROSS JOIN jsonb_to_recordset(input.sealed) AS one(field text, kid text, sealed text)
  ), recorded AS (${insertEvents})
  SELECT ${allRecorded()} AS recorded`,
);

/** The transaction to store in, and the person who counts as the creator instead of the author of the value. */
type Storing = { tx?: Tx | undefined; creator?: { id: string; name: string } | undefined };

/**
 * Stores prepared secrets with their names, first versions and audit events. A single statement, so that it is atomic
 * even outside a transaction. They take names of secrets in the trash, if the actor may. Throws a unique violation when
 * a name is taken, and `QuotaExceeded`.
 */
export async function storeNewSecrets(
  scope: ValueWriter,
  secrets: readonly PreparedSecret[],
  { tx, creator = scope.actor }: Storing = {},
): Promise<void> {
  if (secrets.length === 0) return;
  const rows = secrets.map(({ id, input, sealed }) => {
    const { name, subKind, description } = input;
    const facts = metadataOf(input, {});
    return {
      id,
      name,
      subKind,
      description,
      manifest: manifestFor(sealed, 1),
      facts,
      ...expiryColumns(facts, input.expiresAt),
      storedKib: storedKib({ sealed }),
      sealed: sealed.map(({ field, kid, sealed: value }) => ({ field, kid, sealed: value })),
    };
  });
  const events = secrets.map(({ id, input: { name, subKind } }) =>
    entry(scope, "secret.create", { id, name }, { subKind }),
  );
  const { fabricId, actor } = scope;
  const values = [
    eventsJson(events),
    JSON.stringify(rows),
    fabricId,
    ...[actor.id, actor.name],
    takesAnyTrashedName(scope),
    ...[creator.id, creator.name],
  ];
  const mib = rows.reduce((sum, row) => sum + row.storedKib, 0) / 1024;
  const added = { secrets: rows.length, storedByFabric: mib, storedByTeam: mib };
  const store = (within?: Tx) =>
    within ? insertSecrets.within(within, ...values) : insertSecrets(...values);
  await withinQuotas(scope, added, store, tx);
}
