import { createLookup } from "@/lib/lookup";
import { statement } from "@/lib/statements";

/** Where one sealed field stands. */
export type SealedPlace = { secretId: string; field: string; version: number };

/** One sealed field, and the key it was sealed to. */
export type SealedField = { kid: string; sealed: string };

const findFields = statement<SealedField & { n: number }>(
  `SELECT asked.n::int AS n, f.kid, f.sealed
   FROM unnest($1::text[], $2::text[], $3::int[]) WITH ORDINALITY AS asked("secretId", field, version, n)
   JOIN secret_field f ON f."secretId" = asked."secretId" AND f.field = asked.field AND f.version = asked.version`,
);

/** The sealed fields at these places, still sealed: one for each place, `undefined` where there is none. */
export const findSealedFields = createLookup<SealedPlace, SealedField & { n: number }>(
  (places) =>
    findFields(
      places.map(({ secretId }) => secretId),
      places.map(({ field }) => field),
      places.map(({ version }) => version),
    ),
  200,
);
