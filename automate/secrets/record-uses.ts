import { allRecorded } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import { createBatcher } from "@/lib/db/batch";
import { isRefused, statement } from "@/lib/db/prepared";

/** Where one sealed field stands. */
export type SealedPlace = { secretId: string; field: string; version: number };

/** One sealed field, and the key it was sealed to. */
export type SealedField = { kid: string; sealed: string };

/** One use of a secret: its event, the places that are read for it, and how large its file is, if it is one. */
export type Use = { event: AuditEntry; places: readonly SealedPlace[]; sizeBytes: number };

/** What is sealed at a place; `undefined` where there is nothing. */
export type ReadPlace = { place: SealedPlace; found: SealedField | undefined };

const recordAndRead = statement<SealedField & { recorded: true; n: number }>(
  `WITH recorded AS (${insertEvents})
   SELECT ${allRecorded()} AS recorded, one.n, one.kid, one.sealed
   FROM (SELECT) AS always LEFT JOIN (
     SELECT asked.n::int AS n, f.kid, f.sealed
     FROM unnest($2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS asked("secretId", field, version, n)
     JOIN secret_field f ON f."secretId" = asked."secretId" AND f.field = asked.field AND f.version = asked.version
   ) AS one ON true`,
);

async function run(uses: readonly Use[]): Promise<ReadPlace[][]> {
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

/** What is larger goes by itself, so that nobody who reads a password waits for a file. */
const largeFrom = 64 * 1024;
// One use that Postgres refuses must not take the others with it.
const submitSmall = createBatcher(run, { maxItems: 200, lanes: 2, isAlone: isRefused });
const submitLarge = createBatcher(run, { maxItems: 4, lanes: 2, isAlone: isRefused });

/**
 * Records uses, and reads what is sealed at the places of each. One statement does both, so that whoever has the fields has them
 * after the uses are committed, all or none; what others use at the same time shares the commit. Throws when it cannot be known
 * that they are.
 */
export function recordUses(uses: readonly Use[]): Promise<ReadPlace[][]> {
  return uses.some(({ sizeBytes }) => sizeBytes >= largeFrom) ? submitLarge(uses) : submitSmall(uses);
}
