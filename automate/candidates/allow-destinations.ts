import { findOpenCandidate } from "@/automate/candidates/open-candidate";
import { findConnectionsToCheck } from "@/automate/candidates/using-connections";
import { newDestinations } from "@/automate/checks/authorize-destinations";
import { requestDestinations } from "@/automate/checks/destination-requests";
import { prepareCheck } from "@/automate/checks/prepare-check";
import { actFor } from "@/automate/http/act-for";
import { addDestinations } from "@/automate/secrets/add-destinations";
import type { Scope } from "@/lib/access/scope";
import { candidatePrefix } from "@/lib/candidates/schema";
import { authorityOf } from "@/lib/connectors/destination";
import { NotFound } from "@/lib/result";

/** A connection of a candidate. */
type Reference = { secretId: string; candidate: number; connectionId: string };
/** The same with the destinations that an Admin was shown. */
type Shown = Reference & { destinations: readonly string[] };

/**
 * Allows the destinations of one connection for a candidate, for an Admin who was shown them. False when the
 * connection would send it elsewhere by now, or another of its secrets lacks a destination. Throws `NotFound`.
 */
export async function allowForCandidate(
  scope: Scope<"destination:write">,
  { secretId, candidate: number, connectionId, destinations }: Shown,
): Promise<boolean> {
  const { connection, missing } = await findMissing(scope, { secretId, candidate: number, connectionId });
  if (!missing) return false;
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

/**
 * Asks the Admins to allow the destinations of one connection for a candidate. Returns for how many secrets; 0 when
 * none is left to allow, or the connection's settings cannot be checked. Throws `NotFound`.
 */
export async function askForCandidate(
  scope: Scope<"connection:check">,
  { reason, ...reference }: Reference & { reason: string },
): Promise<number> {
  const { connection, missing } = await findMissing(scope, reference);
  if (!missing) return 0;
  const { secretId, candidate: number } = reference;
  const details = {
    connectionName: connection.name,
    configHash: candidatePrefix(secretId, number) + connection.configHash,
    reason,
  };
  await actFor(scope.actor, async (tx) => {
    for (const { secret, destinations } of missing)
      await requestDestinations(tx, scope, secret, destinations, details);
  });
  return missing.length;
}

/** The destinations of one connection that are not allowed for a candidate; null for settings that cannot be checked. */
async function findMissing(
  scope: Scope<"destination:write"> | Scope<"connection:check">,
  { secretId, candidate: number, connectionId }: Reference,
) {
  const candidate = await findOpenCandidate(scope, secretId, number);
  const [connection] = await findConnectionsToCheck(scope.fabricId, secretId, [connectionId]);
  if (!candidate || !connection) throw new NotFound("New value or connection not found.");
  const prepared = await prepareCheck(scope, connection.kind, connection.properties, candidate);
  return {
    connection,
    missing: prepared.ok ? await newDestinations(scope.fabricId, prepared.value) : null,
  };
}

/** True for a destination of another secret that trusts the candidate as its certificate authority. */
function namesAuthority(secretId: string, number: number) {
  return (destination: string) => {
    const authority = authorityOf(destination);
    return authority?.id === secretId && authority.version === -number;
  };
}
