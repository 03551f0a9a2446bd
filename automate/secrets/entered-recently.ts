import type { CurrentSecret } from "@/automate/secrets/current-secret";
import { freshForMs } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { type Db, db, type Tx } from "@/lib/db/client";

/** An access token and its owner, and since when what it entered counts. */
type Token = { id: string; ownerId: string; since: Date };
type Entered = Pick<CurrentSecret, "id" | "fabricId" | "version" | "manifest">;

/**
 * True for a person; for one of their access tokens when the token itself entered every field of each of these secrets within the
 * last ten minutes. A script makes a secret and its connection in one go; anyone who steals a token would otherwise send values
 * that its owner entered long ago to a place of their own.
 */
export async function mayNamePlaces(
  { actor }: Pick<Scope<"connection:check">, "actor">,
  secrets: readonly CurrentSecret[],
): Promise<boolean> {
  if (actor.kind !== "user" || actor.accessToken === undefined) return true;
  const since = new Date(Date.now() - freshForMs);
  const token = { id: actor.accessToken.id, ownerId: actor.id, since };
  for (const secret of new Set(secrets)) if (!(await isAllByToken(db, secret, token))) return false;
  return true;
}

/**
 * True when this token entered every field of the current value. Replacing one field is not enough: whoever stole the token would
 * gain the others, which its owner entered in the app.
 */
export async function isAllByToken(
  client: Db | Tx,
  { id, fabricId, manifest }: Entered,
  { id: tokenId, ownerId, since }: Token,
): Promise<boolean> {
  const versions = [...new Set(Object.values(manifest))];
  const [row] = await client.$queryRaw<{ count: number }[]>`
    SELECT count(DISTINCT coalesce((details->>'version')::int, 1))::int AS count FROM audit_event
    WHERE "fabricId" = ${fabricId} AND "objectId" = ${id} AND "actorId" = ${ownerId} AND at > ${since}
      AND action IN ('secret.create', 'secret.replace') AND details->>'accessTokenId' = ${tokenId}
      AND coalesce((details->>'version')::int, 1) = ANY(${versions})`;
  return row?.count === versions.length;
}

/**
 * The id of its owner's access token that entered the current version, empty where only its name is on record; null where a person
 * did so in the app.
 */
export async function tokenOfVersion(
  client: Db | Tx,
  { id, fabricId, version }: Entered,
  ownerId: string,
): Promise<string | null> {
  const [row] = await client.$queryRaw<{ tokenId: string }[]>`
    SELECT coalesce(details->>'accessTokenId', '') AS "tokenId" FROM audit_event
    WHERE "fabricId" = ${fabricId} AND "objectId" = ${id} AND "actorId" = ${ownerId}
      AND action IN ('secret.create', 'secret.replace') AND details->>'accessToken' IS NOT NULL
      AND coalesce((details->>'version')::int, 1) = ${version}
    LIMIT 1`;
  return row?.tokenId ?? null;
}
