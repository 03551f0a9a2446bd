import type { UsableSecret } from "@/automate/current-secret";
import { settleVersion } from "@/automate/settle-version";
import { statement } from "@/lib/statements";

/** A secret, and where something would send it. */
export type Sent<S extends UsableSecret = UsableSecret> = { secret: S; destinations: readonly string[] };

const findAllowed = statement<{ n: number }>(
  `SELECT asked.n::int AS n
   FROM unnest($2::text[], $3::int[], $4::text[]) WITH ORDINALITY AS asked("secretId", version, destination, n)
   JOIN allowed_destination a ON a."secretId" = asked."secretId" AND a.version = asked.version
     AND a.destination = asked.destination AND a."fabricId" = $1`,
);

/**
 * Those of these secrets that are not allowed everywhere, each with the destinations that are missing for this very version. A
 * version that was stored a moment ago first gets the destinations that it brings along.
 */
export async function findMissing<One extends Sent>(fabricId: string, sent: readonly One[]): Promise<One[]> {
  const missing = await lookUp(fabricId, sent);
  if (missing.length === 0) return missing;
  // All of them: a certificate authority that was renewed changes where the others go.
  const ids = [...new Set(sent.map(({ secret }) => secret.id))];
  for (const id of ids) await settleVersion(fabricId, id);
  return lookUp(fabricId, sent);
}

async function lookUp<One extends Sent>(fabricId: string, sent: readonly One[]): Promise<One[]> {
  const asked = sent.flatMap(({ secret: { id, version }, destinations }) =>
    destinations.map((destination) => ({ id, version, destination })),
  );
  const rows = await findAllowed(
    fabricId,
    asked.map(({ id }) => id),
    asked.map(({ version }) => version),
    asked.map(({ destination }) => destination),
  );
  const found = new Set(rows.map(({ n }) => n));
  let n = 0;
  return sent.flatMap((one) => {
    const destinations = one.destinations.filter(() => {
      n += 1;
      return !found.has(n);
    });
    return destinations.length > 0 ? [{ ...one, destinations }] : [];
  });
}
