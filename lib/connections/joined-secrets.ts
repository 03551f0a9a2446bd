import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAfterCommit } from "@/lib/automate/client";
import { type Joined, joinConnection, type Referenced } from "@/lib/connectors/joined";
import type { Db, Tx } from "@/lib/db";
import { areAllowed } from "@/lib/destinations/queries";
import { isSubKind } from "@/lib/secrets/kinds/registry";
import type { SecretFacts } from "@/lib/secrets/schema";

/** What a connection consists of, as far as its destinations go. */
type Settings = {
  kind: string;
  properties: Readonly<Record<string, unknown>>;
  references: readonly { field: string; secretId: string }[];
};

/** A secret as destinations are judged by: its current version, and who reads about it. */
export type CurrentReference = Referenced & { name: string; enteredAt: Date };

/** The current versions of these secrets of a fabric, by id. */
export async function currentReferences(
  client: Db | Tx,
  { fabricId }: { fabricId: string },
  secretIds: readonly string[],
): Promise<Map<string, CurrentReference>> {
  const rows = await client.$queryRaw<
    { id: string; name: string; subKind: string; version: number; facts: SecretFacts; enteredAt: Date }[]
  >`
    SELECT s.id, s.name, s."subKind", v.version, v.facts, v."createdAt" AS "enteredAt" FROM secret s
    CROSS JOIN LATERAL (
      SELECT version, facts, "createdAt" FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1
    ) v
    WHERE s.id = ANY(${[...new Set(secretIds)]}) AND s."fabricId" = ${fabricId}`;
  return new Map(
    rows.flatMap(({ subKind, ...row }) => (isSubKind(subKind) ? [[row.id, { ...row, subKind }]] : [])),
  );
}

/** Where settings send which secret, with the current versions; nothing when it cannot be named. */
export function joinSettings(
  { kind, properties, references }: Settings,
  current: ReadonlyMap<string, CurrentReference>,
): Joined<CurrentReference>[] {
  const known = references.flatMap(({ field, secretId }) => {
    const secret = current.get(secretId);
    return secret ? [{ field, secret }] : [];
  });
  return joinConnection(kind, properties, known) ?? [];
}

/** The same as of now, read from the database. */
export async function joinedNow(tx: Tx, scope: { fabricId: string }, settings: Settings) {
  const ids = settings.references.map(({ secretId }) => secretId);
  return joinSettings(settings, await currentReferences(tx, scope, ids));
}

type Place = { secretId: string; version: number; destination: string };

function placesOf(joined: readonly Joined<Referenced>[]): (Place & { field: string })[] {
  return joined.flatMap(({ field, secret: { id: secretId, version }, destinations }) =>
    destinations.map((destination) => ({ field, secretId, version, destination })),
  );
}

/** What a save joins: a version of a secret, at destinations, for the field of a form. */
export type NewlyJoined = { field: string; secretId: string; version: number; destinations: string[] }[];

/**
 * What of `after` was not joined before. A host that waits already is not the work of whoever edits its port, or anything else: it
 * goes on waiting for somebody who is shown it. So does a host that a colleague had put there, with a secret of their own, when
 * somebody else picks another secret.
 */
export async function newlyJoined(
  tx: Tx,
  scope: Pick<Scope<"connection:write">, "fabricId" | "teamId" | "actor">,
  before: readonly Joined<Referenced>[],
  after: readonly Joined<Referenced>[],
): Promise<NewlyJoined> {
  const former = placesOf(before);
  const allowed = await areAllowed(scope.fabricId, former);
  const known = new Set(former.map(keyOf));
  const waiting = new Set(former.filter((_, i) => !allowed[i]).map(hostOf));
  const added = placesOf(after).filter((place) => !known.has(keyOf(place)) && !waiting.has(hostOf(place)));
  const theirs = added.length > 0 ? await placedByColleagues(tx, scope, former) : new Set();
  return after.flatMap(({ field, secret: { id: secretId, version } }) => {
    const destinations = added
      .filter((place) => place.field === field && !theirs.has(bareHostOf(place)))
      .map(({ destination }) => destination);
    return destinations.length > 0 ? [{ field, secretId, version, destinations }] : [];
  });
}

function keyOf({ secretId, version, destination }: Place): string {
  return `${secretId}.${version} ${destination}`;
}

/** A secret, and the host that it goes to by whatever port and protocol. */
function hostOf(place: Place): string {
  return `${place.secretId} ${bareHostOf(place)}`;
}

function bareHostOf({ destination }: Pick<Place, "destination">): string {
  return /:\/\/(.+?):\d+(\?|$)/.exec(destination)?.[1] ?? destination;
}

/** The hosts among these places that neither this person, nor an Admin, nor the upgrade allowed for any secret. */
async function placedByColleagues(
  tx: Tx,
  { fabricId, teamId, actor }: Pick<Scope<"connection:write">, "fabricId" | "teamId" | "actor">,
  places: readonly Place[],
): Promise<Set<string>> {
  const destinations = [...new Set(places.map(({ destination }) => destination))];
  const known = await tx.$queryRaw<{ destination: string }[]>`
    SELECT DISTINCT a.destination FROM allowed_destination a
    LEFT JOIN membership m ON m."userId" = a."createdById" AND m."teamId" = ${teamId} AND m.role = 'admin'
    WHERE a."fabricId" = ${fabricId} AND a.destination = ANY(${destinations})
      AND (a."createdById" IN (${actor.id}, 'upgrade') OR m."userId" IS NOT NULL)`;
  const hosts = new Set(places.map(bareHostOf));
  for (const place of known) hosts.delete(bareHostOf(place));
  return hosts;
}

/**
 * Has automate allow what a person just joined by saving a connection, if it is for them to allow: they entered the settings and the
 * value, or they are an Admin who signed in recently. After the commit and failing safe: what is not allowed waits.
 */
export async function allowJoined(
  { actor, fabricId }: Scope<"connection:write">,
  places: NewlyJoined,
): Promise<void> {
  if (places.length > 0) await askAfterCommit({ actor, fabricId }, "destination:allow", { places });
}
