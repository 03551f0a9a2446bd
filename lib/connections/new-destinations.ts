import "server-only";
import type { Scope } from "@/lib/access/scope";
import { areEvents } from "@/lib/audit/find-events";
import { sentKey } from "@/lib/connectors/destination";
import type { Referenced, SecretWithDestinations } from "@/lib/connectors/secret-destinations";
import type { Tx } from "@/lib/db/client";
import { areAllowed } from "@/lib/destinations/queries";
import { askAfterCommit } from "@/lib/internal-api/client";

type SecretDestination = { secretId: string; version: number; destination: string };

function secretDestinationsOf(
  secrets: readonly SecretWithDestinations<Referenced>[],
): (SecretDestination & { field: string })[] {
  return secrets.flatMap(({ field, secret: { id: secretId, version }, destinations }) =>
    destinations.map((destination) => ({ field, secretId, version, destination })),
  );
}

/** The destinations that a save adds for a version of a secret, by form field. */
export type NewDestinations = {
  field: string;
  secretId: string;
  version: number;
  destinations: string[];
}[];

/** A connection that was just stored, and the new destinations of its secrets. */
export type StoredConnection = { id: string; newDestinations: NewDestinations };

/** A connection before an edit: its secrets, and all destinations that its settings named. */
type Former = {
  id: string;
  secrets: readonly SecretWithDestinations<Referenced>[];
  destinations: readonly string[];
};

/**
 * Returns the destinations of `after` that the connection did not have before. It omits two kinds of host,
 * which stay not allowed:
 * - A host that was not allowed before the edit. Editing its port must not allow it.
 * - A host that a colleague entered, with or without a secret. Picking another secret must not allow it.
 */
export async function findNewDestinations(
  tx: Tx,
  scope: Pick<Scope<"connection:write">, "fabricId" | "teamId" | "actor">,
  before: Former | null,
  after: readonly SecretWithDestinations<Referenced>[],
): Promise<NewDestinations> {
  const former = secretDestinationsOf(before?.secrets ?? []);
  const allowed = await areAllowed(scope.fabricId, former, "checks", tx);
  const formerKeys = new Set(former.map(keyOf));
  const notAllowed = new Set(former.filter((_, i) => !allowed[i]).map(hostOf));
  const added = secretDestinationsOf(after).filter(
    (entry) => !formerKeys.has(keyOf(entry)) && !notAllowed.has(hostOf(entry)),
  );
  const colleagueHosts = before && added.length > 0 ? await hostsOfColleagues(tx, scope, before) : new Set();
  return after.flatMap(({ field, secret: { id: secretId, version } }) => {
    const destinations = added
      .filter((entry) => entry.field === field && !colleagueHosts.has(bareHostOf(entry.destination)))
      .map(({ destination }) => destination);
    return destinations.length > 0 ? [{ field, secretId, version, destinations }] : [];
  });
}

function keyOf({ secretId, version, destination }: SecretDestination): string {
  return `${secretId}.${version} ${destination}`;
}

/** A secret and its destination host, ignoring port and protocol. */
function hostOf(entry: SecretDestination): string {
  return `${entry.secretId} ${bareHostOf(entry.destination)}`;
}

function bareHostOf(destination: string): string {
  return /:\/\/(.+?):\d+(\?|$)/.exec(destination)?.[1] ?? destination;
}

/**
 * Returns the connection's hosts, without those that this person or an Admin allowed for some secret. Empty when
 * only this person ever saved the connection. An allowance made by an upgrade counts after its review.
 */
async function hostsOfColleagues(
  tx: Tx,
  { fabricId, teamId, actor }: Pick<Scope<"connection:write">, "fabricId" | "teamId" | "actor">,
  { id, destinations: former }: Former,
): Promise<Set<string>> {
  if (await isAllSavedBy(tx, fabricId, id, actor.id)) return new Set();
  const destinations = [...new Set(former.flatMap((entry) => [entry, sentKey(entry)]))];
  const allowed = await tx.$queryRaw<{ destination: string }[]>`
    SELECT DISTINCT a.destination FROM allowed_destination a
    LEFT JOIN membership m ON m."userId" = a."createdById" AND m."teamId" = ${teamId} AND m.role = 'admin'
    WHERE a."fabricId" = ${fabricId} AND a.destination = ANY(${destinations})
      AND a."toReview" IS NULL AND (a."createdById" IN (${actor.id}, 'upgrade') OR m."userId" IS NOT NULL)`;
  const hosts = new Set(destinations.map(bareHostOf));
  for (const { destination } of allowed) hosts.delete(bareHostOf(destination));
  return hosts;
}

/**
 * True when the audit log shows that only this person created and changed the connection, never with an access token,
 * and not from a file or another fabric, whose settings may be somebody else's.
 */
async function isAllSavedBy(tx: Tx, fabricId: string, id: string, personId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ isTheirs: boolean | null }[]>`
    SELECT bool_or(action = 'connection.create')
      AND bool_and("actorId" = ${personId} AND details->>'accessToken' IS NULL AND details->>'reason' IS NULL) AS "isTheirs"
    FROM audit_event
    WHERE ${areEvents("object", fabricId, [id], ["connection.create", "connection.update"])}`;
  return row?.isTheirs === true;
}

/**
 * Asks automate to allow the new destinations of a connection that a person saved. Automate allows them
 * if the person entered both settings and value, or is an Admin with a recent sign-in. For an access token,
 * it decides by the ten-minute rule.
 * Runs after the commit and fails safe: the other destinations stay not allowed.
 */
export async function allowNewDestinations(
  { actor, fabricId }: Scope<"connection:write">,
  { id: connectionId, newDestinations: secrets }: StoredConnection,
): Promise<void> {
  if (secrets.length > 0)
    await askAfterCommit({ actor, fabricId }, "destination:allow", { connectionId, secrets });
}
