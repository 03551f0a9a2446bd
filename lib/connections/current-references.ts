import "server-only";
import {
  namedDestinations,
  type SecretWithDestinations,
  secretsOfConnection,
} from "@/lib/connectors/secret-destinations";
import type { Db, Tx } from "@/lib/db/client";
import type { CurrentReference } from "@/lib/destinations/schema";
import { isSubKind } from "@/lib/secrets/kinds/registry";
import type { SecretMetadata } from "@/lib/secrets/schema";

/** The part of a connection that determines its destinations. */
type Settings = {
  kind: string;
  properties: Readonly<Record<string, unknown>>;
  references: readonly { field: string; secretId: string }[];
};

/** The current versions of these secrets of a fabric, by id. */
export async function currentReferences(
  client: Db | Tx,
  { fabricId }: { fabricId: string },
  secretIds: readonly string[],
): Promise<Map<string, CurrentReference>> {
  const rows = await client.$queryRaw<
    {
      id: string;
      name: string;
      subKind: string;
      version: number;
      metadata: SecretMetadata;
      enteredAt: Date;
    }[]
  >`
    SELECT s.id, s.name, s."subKind", v.version, v.facts AS metadata, v."createdAt" AS "enteredAt" FROM secret s
    CROSS JOIN LATERAL (
      SELECT version, facts, "createdAt" FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1
    ) v
    WHERE s.id = ANY(${[...new Set(secretIds)]}) AND s."fabricId" = ${fabricId}`;
  return new Map(
    rows.flatMap(({ subKind, ...row }) => (isSubKind(subKind) ? [[row.id, { ...row, subKind }]] : [])),
  );
}

/**
 * Returns the secrets of these settings with their destinations, at current versions. Empty when the settings
 * name no valid destination.
 */
export function secretsOfSettings(
  { kind, properties, references }: Settings,
  current: ReadonlyMap<string, CurrentReference>,
): SecretWithDestinations<CurrentReference>[] {
  return secretsOfConnection(kind, properties, resolveReferences(references, current)) ?? [];
}

function resolveReferences(
  references: Settings["references"],
  current: ReadonlyMap<string, CurrentReference>,
) {
  return references.flatMap(({ field, secretId }) => {
    const secret = current.get(secretId);
    return secret ? [{ field, secret }] : [];
  });
}

/**
 * Reads the secrets of these settings with their destinations, at current versions, and all destinations that
 * the settings name, with or without a secret.
 */
export async function currentSecretsOf(tx: Tx, scope: { fabricId: string }, settings: Settings) {
  const { kind, properties, references } = settings;
  const current = await currentReferences(
    tx,
    scope,
    references.map(({ secretId }) => secretId),
  );
  const destinations = namedDestinations(kind, properties, resolveReferences(references, current));
  return { secrets: secretsOfSettings(settings, current), destinations };
}
