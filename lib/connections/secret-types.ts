import "server-only";
import { findConnector } from "@/lib/connectors/registry";
import { secretFields, type TypeOf, userFieldOf } from "@/lib/connectors/validate";
import { db } from "@/lib/db/client";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";

/** Reads the types of the secrets in these properties that may give a user. A secret's type never changes. */
export async function secretTypes(
  { fabricId }: { fabricId: string },
  kind: string,
  properties: Readonly<Record<string, unknown>>,
): Promise<TypeOf> {
  const connector = findConnector(kind);
  const ids = !connector
    ? []
    : secretFields(connector, properties).flatMap(({ field, secretId }) =>
        secretId !== null && userFieldOf(connector, field) !== undefined ? [secretId] : [],
      );
  if (ids.length === 0) return () => undefined;
  const rows = await db.secret.findMany({
    where: { id: { in: ids }, fabricId },
    select: { id: true, subKind: true },
  });
  return typesById(rows);
}

/** The types of these secrets. */
export function typesById(secrets: Iterable<{ id: string; subKind: string }>): TypeOf {
  const types = new Map<string, SubKind>();
  for (const { id, subKind } of secrets) if (isSubKind(subKind)) types.set(id, subKind);
  return (id) => types.get(id);
}
