import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAfterCommit } from "@/lib/automate/client";
import { type Joined, joinConnection, type Referenced } from "@/lib/connectors/joined";
import type { Db, Tx } from "@/lib/db";
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

/** Those of `after` that `before` did not have: a version of a secret, at a destination. */
export function newlyJoined<S extends Referenced>(
  before: readonly Joined<S>[],
  after: readonly Joined<S>[],
): { field: string; secretId: string; version: number; destinations: string[] }[] {
  const keyOf = ({ id, version }: Referenced, destination: string) => `${id}.${version} ${destination}`;
  const known = new Set(
    before.flatMap(({ secret, destinations }) => destinations.map((one) => keyOf(secret, one))),
  );
  return after.flatMap(({ field, secret, destinations }) => {
    const added = destinations.filter((destination) => !known.has(keyOf(secret, destination)));
    return added.length > 0
      ? [{ field, secretId: secret.id, version: secret.version, destinations: added }]
      : [];
  });
}

/**
 * Has automate allow what a person just joined by saving a connection, if it is for them to allow: they entered the settings and the
 * value, or they are an Admin who signed in recently. After the commit and failing safe: what is not allowed waits.
 */
export async function allowJoined(
  { actor, fabricId }: Scope<"connection:write">,
  places: ReturnType<typeof newlyJoined>,
): Promise<void> {
  if (places.length > 0) await askAfterCommit({ actor, fabricId }, "destination:allow", { places });
}
