import { allRecorded } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import { createLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";

/** The stored position of one sealed field. */
export type SealedPlace = { secretId: string; field: string; version: number };

/** A sealed field and the id of the key that it was sealed to. */
export type SealedField = { kid: string; sealed: string };

/**
 * One use of a secret: its audit event, the fields to read, and the size of its file in bytes (0 without a
 * file).
 */
export type Use = { event: AuditEntry; places: readonly SealedPlace[]; sizeBytes: number };

/** The sealed field at a position; `undefined` if none is stored. */
export type ReadPlace = { place: SealedPlace; found: SealedField | undefined };

const recordAndRead = preparedQuery<SealedField & { recorded: true; n: number }>(
  `WITH recorded AS (${insertEvents})
   SELECT ${allRecorded()} AS recorded, one.n, one.kid, one.sealed
   FROM (SELECT) AS always LEFT JOIN (
     SELECT asked.n::int AS n, f.kid, f.sealed
     FROM unnest($2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS asked("secretId", field, version, n)
     JOIN secret_field f ON f."secretId" = asked."secretId" AND f.field = asked.field AND f.version = asked.version
   ) AS one ON true`,
);

async function recordBatch(uses: readonly Use[]): Promise<ReadPlace[][]> {
  const places = uses.flatMap((use) => use.places);
  const rows = await recordAndRead(
    eventsJson(uses.map(({ event }) => event)),
    places.map(({ secretId }) => secretId),
    places.map(({ field }) => field),
    places.map(({ version }) => version),
  );
  const found = new Map(rows.map((row) => [row.n, row]));
  let n = 0;
  return uses.map((use) =>
    use.places.map((place) => {
      n += 1;
      return { place, found: found.get(n) };
    }),
  );
}

/** Larger values have batches of their own, so that reading a password does not wait for a file. */
const largeFrom = 64 * 1024;
const recordSmall = createLoader(recordBatch, 200);
const recordLarge = createLoader(recordBatch, 4);

/**
 * Records uses and reads their sealed fields in one statement. A caller therefore receives fields only after
 * all its uses are committed. Concurrent uses share a commit. Throws when the commit is not confirmed.
 */
export function recordUses(uses: readonly Use[]): Promise<ReadPlace[][]> {
  return uses.some(({ sizeBytes }) => sizeBytes >= largeFrom) ? recordLarge(uses) : recordSmall(uses);
}
