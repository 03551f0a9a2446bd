import "server-only";
import type { Scope } from "@/lib/access/scope";
import { currentReferences, secretsOfSettings } from "@/lib/connections/current-references";
import type { ConnectionListQuery, ConnectionPage, ConnectionSummary } from "@/lib/connections/schema";
import { findStatuses } from "@/lib/connections/statuses";
import { readsOfConnections } from "@/lib/connections/uses";
import { withMember } from "@/lib/connectors/nested-reference";
import { connectors } from "@/lib/connectors/registry";
import { db, literal, type Prisma } from "@/lib/db/client";
import { findNotAllowed } from "@/lib/destinations/queries";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";
import { isSubKind } from "@/lib/secrets/kinds/registry";
import { findWithNewValue } from "@/lib/uses/open-candidate";

const pageSize = 50;

const summaryColumns = {
  id: true,
  name: true,
  nameKey: true,
  kind: true,
  description: true,
  properties: true,
  configHash: true,
  createdAt: true,
  createdById: true,
  createdByName: true,
  updatedAt: true,
  updatedByName: true,
  warehouseOf: true,
  placedAt: true,
  secrets: { select: { field: true, secretId: true, secret: { select: { name: true, subKind: true } } } },
} as const;
type Row = Prisma.ConnectionGetPayload<{ select: typeof summaryColumns }>;

/**
 * One page of a fabric's connections by name, each with its status. Names are unique, so the name is the
 * cursor.
 */
export function listConnections(
  scope: Scope<"connection:list">,
  query: ConnectionListQuery,
  page: PageRequest = {},
): Promise<ConnectionPage> {
  return inListSlot(scope.actor.id, () => readPage(scope, query, page.limit ?? pageSize), page);
}

async function readPage(
  scope: Scope<"connection:list">,
  { search, secret, after, before }: ConnectionListQuery,
  limit: number,
): Promise<ConnectionPage> {
  const { fabricId } = scope;
  // The warehouse stands apart, unless the list is about a secret.
  const inFabric = secret
    ? { fabricId, secrets: { some: { secretId: secret } } }
    : { fabricId, warehouseOf: null };
  const isBackward = after === undefined && before !== undefined;
  const beyond = isBackward
    ? { nameKey: { lt: before } }
    : after === undefined
      ? {}
      : { nameKey: { gt: after } };
  const matches: Prisma.ConnectionWhereInput = search
    ? {
        OR: [
          { nameKey: { contains: literal(search.toLowerCase()) } },
          { description: { contains: literal(search), mode: "insensitive" } },
          { kind: { in: kindsNamed(search) } },
        ],
      }
    : {};
  const rows = await db.connection.findMany({
    where: { AND: [inFabric, matches, beyond] },
    orderBy: { nameKey: isBackward ? "desc" : "asc" },
    take: limit + 1,
    select: summaryColumns,
  });
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const hasNext = isBackward || hasMore;
  const hasPrevious = isBackward ? hasMore : after !== undefined;
  const isFirst = after === undefined && before === undefined && !secret;
  const [warehouse, connections] = await Promise.all([
    isFirst ? findWarehouse(scope) : null,
    withStatus(fabricId, page),
  ]);
  return {
    warehouse,
    connections,
    next: (hasNext && page.at(-1)?.nameKey) || null,
    previous: (hasPrevious && page.at(0)?.nameKey) || null,
  };
}

/** Whether the fabric has a connection. */
export async function hasConnections({ fabricId }: Scope<"connection:list">): Promise<boolean> {
  return (await db.connection.findFirst({ where: { fabricId }, select: { id: true } })) !== null;
}

async function findWarehouse({ fabricId }: Scope<"connection:list">): Promise<ConnectionPage["warehouse"]> {
  const [fabric, row] = await Promise.all([
    db.fabric.findUnique({ where: { id: fabricId }, select: { provider: true } }),
    db.connection.findFirst({ where: { warehouseOf: fabricId, fabricId }, select: summaryColumns }),
  ]);
  const [connection = null] = await withStatus(fabricId, row ? [row] : []);
  return { provider: fabric?.provider ?? "none", connection };
}

/** The kinds whose screen or API name contains the search text. */
function kindsNamed(search: string): string[] {
  const text = search.toLowerCase();
  return Object.values(connectors).flatMap(({ kind, name }) =>
    `${kind} ${name}`.toLowerCase().includes(text) ? [kind] : [],
  );
}

/** Returns the id of the connection with this name, ignoring case, or null. */
export async function findConnectionId(
  { fabricId }: Scope<"connection:list"> | Scope<"connection:write"> | Scope<"connection:check">,
  name: string,
): Promise<string | null> {
  const row = await db.connection.findUnique({
    where: { fabricId_nameKey: { fabricId, nameKey: name.toLowerCase() } },
    select: { id: true },
  });
  return row?.id ?? null;
}

/** Returns one connection. Throws `NotFound` if it belongs to another fabric. */
export async function getConnection(
  scope: Scope<"connection:list">,
  connectionId: string,
): Promise<ConnectionSummary> {
  const row = await db.connection.findFirst({
    where: { id: connectionId, fabricId: scope.fabricId },
    select: summaryColumns,
  });
  const [summary] = row ? await withStatus(scope.fabricId, [row]) : [];
  if (!summary) throw new NotFound("Connection not found.");
  return summary;
}

async function withStatus(fabricId: string, rows: readonly Row[]): Promise<ConnectionSummary[]> {
  const secretIds = [...new Set(rows.flatMap(({ secrets }) => secrets.map(({ secretId }) => secretId)))];
  const [statuses, current, reads, newValues] = await Promise.all([
    findStatuses(fabricId, rows),
    currentReferences(db, { fabricId }, secretIds),
    readsOfConnections(rows.map(({ id }) => id)),
    findWithNewValue(secretIds),
  ]);
  const versions = new Map([...current.values()].map(({ id, version }) => [id, version]));
  const notAllowed = await findNotAllowed(
    fabricId,
    rows.map((row) => ({ placedAt: row.placedAt, secrets: secretsOfSettings(settingsOf(row), current) })),
  );
  return rows.map((row, i) => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    description: row.description,
    properties: withReferences(row),
    status: statuses.statusOf(row, versions),
    notAllowed: notAllowed[i] ?? null,
    history: statuses.historyOf(row),
    isWarehouse: row.warehouseOf !== null,
    pipelines: reads.get(row.id)?.pipelines ?? 0,
    lastReadAt: reads.get(row.id)?.lastReadAt ?? null,
    references: row.secrets.flatMap(({ field, secretId, secret: { name, subKind } }) =>
      isSubKind(subKind) ? [{ field, secretId, name, subKind, hasNewValue: newValues.has(secretId) }] : [],
    ),
    createdAt: row.createdAt,
    createdByName: row.createdByName,
    updatedAt: row.updatedAt,
    updatedByName: row.updatedByName,
  }));
}

function settingsOf({ kind, properties, secrets: references }: Row) {
  return { kind, properties: plainOf(properties), references };
}

function plainOf(properties: Row["properties"]) {
  return typeof properties === "object" && properties !== null && !Array.isArray(properties)
    ? properties
    : {};
}

function withReferences({ properties, secrets }: Row): Record<string, unknown> {
  return secrets.reduce<Record<string, unknown>>(
    (all, { field, secretId }) => withMember(all, field, secretId),
    plainOf(properties),
  );
}
