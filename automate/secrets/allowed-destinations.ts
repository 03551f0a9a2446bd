import type { UsableSecret } from "@/automate/secrets/current-secret";
import { settleVersion } from "@/automate/secrets/settle-version";
import { areAllowed, type Sender } from "@/lib/destinations/queries";

/** A secret, and where something would send it. */
export type Sent<S extends UsableSecret = UsableSecret> = { secret: S; destinations: readonly string[] };

/**
 * Those of these secrets that are not allowed everywhere, each with the destinations that are missing for this very version. A
 * version that was stored a moment ago first gets the destinations that it brings along.
 */
export async function findMissing<One extends Sent>(
  fabricId: string,
  sent: readonly One[],
  sender: Sender,
): Promise<One[]> {
  const missing = await lookUp(fabricId, sent, sender);
  if (missing.length === 0) return missing;
  // All of them, a certificate authority last: where it was renewed, it takes along what the others were allowed.
  const ids = [...new Set(sent.map(({ secret }) => secret.id))];
  const vouches = (id: string) =>
    sent.some(({ destinations }) => destinations.some((key) => key.includes(`ca=${id}.`)));
  for (const id of ids.filter((one) => !vouches(one))) await settleVersion(fabricId, id);
  for (const id of ids.filter(vouches)) await settleVersion(fabricId, id);
  return lookUp(fabricId, sent, sender);
}

async function lookUp<One extends Sent>(
  fabricId: string,
  sent: readonly One[],
  sender: Sender,
): Promise<One[]> {
  const asked = sent.flatMap(({ secret: { id: secretId, version }, destinations }) =>
    destinations.map((destination) => ({ secretId, version, destination })),
  );
  const allowed = (await areAllowed(fabricId, asked, sender)).values();
  return sent.flatMap((one) => {
    const destinations = one.destinations.filter(() => allowed.next().value !== true);
    return destinations.length > 0 ? [{ ...one, destinations }] : [];
  });
}
