import { findOpenCandidate } from "@/automate/candidates/open-candidate";
import { listUsingConnections } from "@/automate/candidates/using-connections";
import { newDestinations } from "@/automate/checks/authorize-destinations";
import { prepareCheck } from "@/automate/checks/prepare-check";
import { actFor } from "@/automate/http/act-for";
import { addDestinations } from "@/automate/secrets/add-destinations";
import type { Scope } from "@/lib/access/scope";
import { authorityOf } from "@/lib/connectors/destination";
import { NotFound } from "@/lib/result";

/** A connection of a candidate, and the destinations that an Admin was shown. */
type Shown = { secretId: string; candidate: number; connectionId: string; destinations: readonly string[] };

/**
 * Allows the destinations of one connection for a candidate, for an Admin who was shown them. False when the
 * connection would send it elsewhere by now, or another of its secrets lacks a destination. Throws `NotFound`.
 */
export async function allowForCandidate(
  scope: Scope<"destination:write">,
  { secretId, candidate: number, connectionId, destinations }: Shown,
): Promise<boolean> {
  const candidate = await findOpenCandidate(scope, secretId, number);
  const [connection] = await listUsingConnections(scope.fabricId, secretId, [connectionId]);
  if (!candidate || !connection) throw new NotFound("New value or connection not found.");
  const prepared = await prepareCheck(scope, connection.kind, connection.properties, candidate);
  if (!prepared.ok) return false;
  const missing = await newDestinations(scope.fabricId, prepared.value);
  const isShown = missing.every(
    (one) =>
      (one.secret.id === secretId || one.destinations.every(namesAuthority(secretId, number))) &&
      one.destinations.every((destination) => destinations.includes(destination)),
  );
  if (!isShown) return false;
  await actFor(scope.actor, async (tx) => {
    for (const { secret, destinations: allowed } of missing)
      await addDestinations(tx, scope, secret, allowed, "destination.allow", {
        details: { connection: connection.name },
      });
  });
  return true;
}

/** True for a destination of another secret that trusts the candidate as its certificate authority. */
function namesAuthority(secretId: string, number: number) {
  return (destination: string) => {
    const authority = authorityOf(destination);
    return authority?.id === secretId && authority.version === -number;
  };
}
