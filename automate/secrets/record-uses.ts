import { allRecorded } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import { createLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";

/** The stored position of one sealed field. */
export type SealedPosition = { secretId: string; field: string; version: number };

/** A sealed field and the id of the key that it was sealed to. */
export type SealedField = { kid: string; sealed: string };

/**
 * One use of a secret: its audit event, the fields to read, and the size of its file in bytes (0 without a
 * file).
 */
export type Use = { event: AuditEntry; positions: readonly SealedPosition[]; sizeBytes: number };

/** The sealed field at a position; `undefined` if none is stored. `isTrashed` when its secret is in the trash. */
export type StoredField = {
  position: SealedPosition;
  sealedField: SealedField | undefined;
  isTrashed: boolean;
};

const recordAndRead = preparedQuery<SealedField & { recorded: true; n: number; isTrashed: boolean }>(
  `WITH recorded AS (${insertEvents})
   SELECT ${allRecorded()} AS recorded, field.n, field.kid, field.sealed, field."isTrashed"
   FROM (SELECT) AS always LEFT JOIN (
     SELECT requested.n::int AS n, f.kid, f.sealed, s."deletedAt" IS NOT NULL AS "isTrashed"
     FROM unnest((SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::int[])) WITH ORDINALITY AS requested("secretId", field, version, n)
     JOIN secret_field f ON f."secretId" = requested."secretId" AND f.field = requested.field AND f.version = requested.version
     JOIN secret s ON s.id = f."secretId"
   ) AS field ON true`,
);

async function recordBatch(uses: readonly Use[]): Promise<StoredField[][]> {
  const positions = uses.flatMap((use) => use.positions);
  const rows = await recordAndRead(
    eventsJson(uses.map(({ event }) => event)),
    positions.map(({ secretId }) => secretId),
    positions.map(({ field }) => field),
    positions.map(({ version }) => version),
  );
  const rowByNumber = new Map(rows.map((row) => [row.n, row]));
  let n = 0;
  return uses.map((use) =>
    use.positions.map((position) => {
      n += 1;
      const row = rowByNumber.get(n);
      return { position, sealedField: row, isTrashed: row?.isTrashed === true };
    }),
  );
}

/** Larger values have batches of their own, so that reading a password does not wait for a file. */
const minLargeBytes = 64 * 1024;
const recordSmall = createLoader(recordBatch, 200);
const recordLarge = createLoader(recordBatch, 4);

/**
 * Records uses and reads their sealed fields in one statement. A caller therefore receives fields only after
 * all its uses are committed. Concurrent uses share a commit. Throws when the commit is not confirmed.
 */
export function recordUses(uses: readonly Use[]): Promise<StoredField[][]> {
  return uses.some(({ sizeBytes }) => sizeBytes >= minLargeBytes) ? recordLarge(uses) : recordSmall(uses);
}
