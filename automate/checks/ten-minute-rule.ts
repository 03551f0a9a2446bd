import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { freshForMs } from "@/lib/access/policy";
import { areEvents } from "@/lib/audit/find-events";
import {
  type SecretWithDestinations,
  secretsOfConnection,
  tokenServerOf,
} from "@/lib/connectors/secret-destinations";
import type { Tx } from "@/lib/db/client";

type Connection = { id: string; name: string };
type Asked = {
  /** The id of the access token. */
  tokenId: string;
  connectionId: string | undefined;
  /** The new destinations of each secret. */
  missing: readonly { secret: SecretWithAuthors; destinations: readonly string[] }[];
};

/**
 * The ten-minute rule: a script may create secrets and then a connection with one access token. The token knew
 * the values, so it may allow the destinations of one connection for them. Returns that connection, or null.
 *
 * Each secret must be at a version that this token entered completely within ten minutes by the database's
 * clock, and for which nothing was allowed or removed before. A stolen token must not send its owner's values
 * away, nor follow up on what somebody allowed. The stored connection decides, not web's request.
 */
export async function findConnectionOfToken(
  tx: Tx,
  { fabricId }: { fabricId: string },
  { tokenId, connectionId, missing }: Asked,
): Promise<Connection | null> {
  const connection = connectionId === undefined ? null : await findSent(tx, fabricId, connectionId);
  if (!connection) return null;
  // In one order, so that two connections at once do not wait for each other.
  const asked = [...missing].sort((one, other) => (one.secret.id < other.secret.id ? -1 : 1));
  for (const { secret, destinations } of asked) {
    const isSent = connection.sent.some(
      (one) =>
        one.secret.id === secret.id &&
        destinations.every((destination) => one.destinations.includes(destination)),
    );
    if (!isSent) return null;
    if (!(await isFirst(tx, secret)) || !(await isEnteredBy(tx, secret, tokenId))) return null;
  }
  return connection;
}

/** A stored connection of the fabric, and what it sends where at the secrets' current versions. */
async function findSent(
  tx: Tx,
  fabricId: string,
  id: string,
): Promise<(Connection & { sent: readonly SecretWithDestinations<SecretWithAuthors>[] }) | null> {
  const row = await tx.connection.findFirst({
    where: { id, fabricId },
    select: {
      name: true,
      kind: true,
      properties: true,
      secrets: { select: { field: true, secretId: true } },
    },
  });
  if (!row) return null;
  const references = [];
  for (const { field, secretId } of row.secrets) {
    const secret = await findSecretById({ fabricId }, secretId, tx);
    if (secret) references.push({ field, secret });
  }
  const sent = secretsOfConnection(row.kind, row.properties as Record<string, unknown>, references) ?? [];
  return { id, name: row.name, sent };
}

/**
 * True when nobody allowed or removed a destination of this version before, except the token server that the
 * secret itself names. Locks the version until the transaction ends: of two connections at once, one is first.
 */
async function isFirst(tx: Tx, { id, version, metadata }: SecretWithAuthors): Promise<boolean> {
  const [settled] = await tx.$queryRaw<{ removedAt: Date | null }[]>`
    SELECT "removedAt" FROM settled_version WHERE "secretId" = ${id} AND version = ${version} FOR UPDATE`;
  if (settled?.removedAt !== null) return false;
  const others = { not: tokenServerOf(metadata) ?? "" };
  return (await tx.allowedDestination.count({ where: { secretId: id, version, destination: others } })) === 0;
}

/** True when this token itself entered every field with this version, within ten minutes. */
async function isEnteredBy(
  tx: Tx,
  { id, fabricId, version, manifest }: SecretWithAuthors,
  tokenId: string,
): Promise<boolean> {
  if (Object.values(manifest).some((setIn) => setIn !== version)) return false;
  // Postgres checks the version's age first: an old one may have millions of events of reads.
  const [event] = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM audit_event
    WHERE ${areEvents("object", fabricId, [id], ["secret.create", "secret.replace"])}
      AND details->>'accessTokenId' = ${tokenId} AND coalesce((details->>'version')::int, 1) = ${version}
      AND at > now() - make_interval(secs => ${freshForMs / 1000})
      AND EXISTS (SELECT FROM secret_version WHERE "secretId" = ${id} AND version = ${version}
        AND "createdAt" > now() - make_interval(secs => ${freshForMs / 1000}))
    ORDER BY id DESC LIMIT 1`;
  return event !== undefined;
}
