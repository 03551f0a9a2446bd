import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { areEvents } from "@/lib/audit/find-events";
import type { Db, Tx } from "@/lib/db/client";

/** The actions with which somebody enters values of a secret. */
export const entries = ["secret.create", "secret.replace", "secret.candidate.create"] as const;

/** An access token, its owner, and the time from which its entries count. */
type Token = { id: string; ownerId: string; since: Date };
type EnteredSecret = Pick<SecretWithAuthors, "id" | "fabricId" | "version" | "manifest">;

/**
 * True when this token entered every field of the current value. One field is not enough: an attacker with a
 * stolen token could replace it and so obtain the others.
 */
export async function isEnteredOnlyByToken(
  client: Db | Tx,
  { id, fabricId, manifest }: EnteredSecret,
  { id: tokenId, ownerId, since }: Token,
): Promise<boolean> {
  const versions = [...new Set(Object.values(manifest))];
  const [row] = await client.$queryRaw<{ count: number }[]>`
    SELECT count(DISTINCT coalesce((details->>'version')::int, 1))::int AS count FROM audit_event
    WHERE ${areEvents("actorAndObject", fabricId, [id, ownerId], entries)} AND at > ${since}
      AND details->>'accessTokenId' = ${tokenId}
      AND coalesce((details->>'version')::int, 1) = ANY(${versions})`;
  return row?.count === versions.length;
}

/**
 * Returns the id of the access token that entered the value of this version, or null if a person did so in the app.
 * Empty when the audit log has only the token's name.
 */
export async function tokenOfVersion(
  client: Db | Tx,
  { id, fabricId, version }: EnteredSecret,
  ownerId: string,
): Promise<string | null> {
  const [row] = await client.$queryRaw<{ tokenId: string }[]>`
    SELECT coalesce(details->>'accessTokenId', '') AS "tokenId" FROM audit_event
    WHERE ${areEvents("actorAndObject", fabricId, [id, ownerId], entries)}
      AND details->>'accessToken' IS NOT NULL
      AND coalesce((details->>'version')::int, 1) = coalesce(
        (SELECT origin FROM settled_version WHERE "secretId" = ${id} AND version = ${version}), ${version})
    LIMIT 1`;
  return row?.tokenId ?? null;
}
