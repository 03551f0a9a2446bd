import "server-only";
import type { Scope } from "@/lib/access/scope";
import { currentReferences } from "@/lib/connections/current-references";
import { findStatuses } from "@/lib/connections/statuses";
import { findConnector } from "@/lib/connectors/registry";
import { db } from "@/lib/db/client";
import {
  maxShownConnections,
  type SecretDetail,
  type SecretUsers,
  type UsingConnection,
} from "@/lib/secrets/schema";

/** The first connections that use a secret with their states, by name, at most `maxShownConnections`. */
export async function listConnectionStates(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<UsingConnection[]> {
  const rows = await db.connection.findMany({
    where: { fabricId, secrets: { some: { secretId } } },
    orderBy: { nameKey: "asc" },
    take: maxShownConnections,
    select: {
      id: true,
      name: true,
      kind: true,
      configHash: true,
      createdById: true,
      createdAt: true,
      secrets: { select: { secretId: true } },
    },
  });
  if (rows.length === 0) return [];
  const ids = rows.flatMap(({ secrets }) => secrets.map((reference) => reference.secretId));
  const [statuses, current] = await Promise.all([
    findStatuses(fabricId, rows),
    currentReferences(db, { fabricId }, ids),
  ]);
  const versions = new Map([...current.values()].map(({ id, version }) => [id, version]));
  return rows.map((row) => {
    const status = statuses.statusOf(row, versions);
    const { id, name, kind } = row;
    return {
      id,
      name,
      kind,
      kindName: findConnector(kind)?.name ?? kind,
      state: status.state,
      code: status.state === "disconnected" ? status.code : null,
      checkedAt: "checkedAt" in status ? status.checkedAt : null,
    };
  });
}

/** Everything that uses a secret. */
export async function usersOf(scope: Scope<"secret:list">, secret: SecretDetail): Promise<SecretUsers> {
  const { id, name, version, isRotated, usedBy, usedByRotations, rotations, readers, versions, updatedAt } =
    secret;
  return {
    id,
    name,
    version,
    versionSetAt: versions[0]?.createdAt ?? updatedAt,
    isRotated,
    usedBy,
    usedByRotations,
    rotations,
    connections: await listConnectionStates(scope, id),
    readers,
  };
}
