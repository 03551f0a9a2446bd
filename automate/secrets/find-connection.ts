import { toUsableSecret, type UsableSecret, type UsableSecretRow } from "@/automate/secrets/usable-secret";
import { reachesConnection } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import { connectionName } from "@/lib/connections/schema";
import { nestedMark } from "@/lib/connectors/nested-reference";
import { preparedQuery } from "@/lib/db/prepared";

/** A saved connection and the secrets that it references, sealed, at their current versions. */
export type NamedConnection = {
  id: string;
  name: string;
  kind: string;
  configHash: string;
  updatedAt: Date;
  /** The settings without the fields that reference secrets. */
  properties: Record<string, unknown>;
  secrets: readonly { field: string; secret: UsableSecret }[];
};

type Reference = UsableSecretRow & { field: string };

/** `isNeverSent` in SQL: no pipeline receives the secret of a nested reference. */
const isSent = `position('${nestedMark}' IN r.field) = 0`;

const findByName = preparedQuery<Omit<NamedConnection, "secrets"> & { secrets: Reference[] }>(
  `SELECT c.id, c.name, c.kind, c."configHash", c."updatedAt", c.properties, coalesce((
     SELECT json_agg(json_build_object('field', r.field, 'id', s.id, 'fabricId', s."fabricId", 'name', s.name, 'requestedName', s.name,
       'subKind', s."subKind", 'version', v.version, 'manifest', v.manifest, 'metadata', v.facts) ORDER BY r.field)
     FROM connection_secret r
     JOIN secret s ON s.id = r."secretId" AND s."fabricId" = c."fabricId" AND s."deletedAt" IS NULL
     CROSS JOIN LATERAL (SELECT version, manifest, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v
     WHERE r."connectionId" = c.id AND ${isSent}), '[]') AS secrets
   FROM connection c WHERE c."fabricId" = $1 AND c."nameKey" = $2`,
);

/** Returns the connection of this name, in any case, if the scope may use it with its secrets; otherwise null. */
export async function findConnectionByName(
  scope: Scope<"secret:use">,
  name: string,
): Promise<NamedConnection | null> {
  const valid = connectionName.safeParse(name);
  if (!valid.success) return null;
  const [row] = await findByName(scope.fabricId, valid.data.toLowerCase());
  if (!row || !reachesConnection(scope, row.id)) return null;
  return {
    ...row,
    secrets: row.secrets.map(({ field, ...secret }) => ({ field, secret: toUsableSecret(secret) })),
  };
}

const countReferences = preparedQuery<{ count: number }>(
  `SELECT count(DISTINCT "secretId")::int AS count FROM connection_secret r
   WHERE ${isSent} AND "connectionId" = $1 AND "fabricId" = $2 AND "secretId" = ANY($3::text[])`,
);

/** True when a connection of the fabric references each of these secrets. */
export async function areReferenced(
  fabricId: string,
  connectionId: string,
  secretIds: readonly string[],
): Promise<boolean> {
  const [row] = await countReferences(connectionId, fabricId, secretIds);
  return row?.count === secretIds.length;
}
