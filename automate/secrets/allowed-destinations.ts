import { settleVersion } from "@/automate/secrets/settle-version";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { areAllowed, type Sender } from "@/lib/destinations/queries";

/** A secret and the destinations to which a purpose would send it. */
export type SentSecret<S extends UsableSecret = UsableSecret> = {
  secret: S;
  destinations: readonly string[];
};

/**
 * Returns the secrets with destinations that are not allowed for their current version, each with only those
 * destinations. First settles versions that were just stored, so that they keep their destinations.
 */
export async function findMissing<One extends SentSecret>(
  fabricId: string,
  sent: readonly One[],
  sender: Sender,
): Promise<One[]> {
  const missing = await findUnallowed(fabricId, sent, sender);
  if (missing.length === 0) return missing;
  // Certificate authorities last: a new version of an authority keeps the destinations that the other secrets'
  // settled versions may go to.
  const ids = [...new Set(sent.map(({ secret }) => secret.id))];
  const isAuthority = (id: string) =>
    sent.some(({ destinations }) => destinations.some((key) => key.includes(`ca=${id}.`)));
  for (const id of ids.filter((one) => !isAuthority(one))) await settleVersion(fabricId, id);
  for (const id of ids.filter(isAuthority)) await settleVersion(fabricId, id);
  return findUnallowed(fabricId, sent, sender);
}

async function findUnallowed<One extends SentSecret>(
  fabricId: string,
  sent: readonly One[],
  sender: Sender,
): Promise<One[]> {
  const pairs = sent.flatMap(({ secret: { id: secretId, version }, destinations }) =>
    destinations.map((destination) => ({ secretId, version, destination })),
  );
  const allowed = (await areAllowed(fabricId, pairs, sender)).values();
  return sent.flatMap((one) => {
    const destinations = one.destinations.filter(() => allowed.next().value !== true);
    return destinations.length > 0 ? [{ ...one, destinations }] : [];
  });
}
