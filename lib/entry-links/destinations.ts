import "server-only";
import { currentReferences, secretsOfSettings } from "@/lib/connections/current-references";
import type { Db, Tx } from "@/lib/db/client";

/** A destination that saved connections name, for a type of secret. */
export type NamedDestination = { destination: string; subKind: string; connections: string[] };

/** How many connections of a fabric are looked through. */
const maxConnections = 500;

/**
 * The destinations that the saved connections of a fabric name for the secrets that they reference, with the names of
 * the connections. With `secretId`, those for this secret alone.
 */
export async function listNamedDestinations(
  client: Db | Tx,
  { fabricId }: { fabricId: string },
  secretId?: string,
): Promise<NamedDestination[]> {
  const rows = await client.connection.findMany({
    where: { fabricId, secrets: { some: secretId === undefined ? {} : { secretId } } },
    orderBy: { nameKey: "asc" },
    take: maxConnections,
    select: {
      name: true,
      kind: true,
      properties: true,
      secrets: { select: { field: true, secretId: true } },
    },
  });
  const ids = rows.flatMap(({ secrets }) => secrets.map((reference) => reference.secretId));
  const current = await currentReferences(client, { fabricId }, ids);
  const named = new Map<string, NamedDestination>();
  for (const { name, kind, properties, secrets: references } of rows) {
    const settings = { kind, properties: properties as Record<string, unknown>, references };
    for (const { secret, destinations } of secretsOfSettings(settings, current)) {
      if (secretId !== undefined && secret.id !== secretId) continue;
      for (const destination of destinations) {
        const key = `${secret.subKind} ${destination}`;
        const entry = named.get(key) ?? { destination, subKind: secret.subKind, connections: [] };
        if (!entry.connections.includes(name)) entry.connections.push(name);
        named.set(key, entry);
      }
    }
  }
  return [...named.values()];
}
