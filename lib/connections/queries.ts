import "server-only";
import type { Scope } from "@/lib/access/scope";
import { currentReferences, secretsOfSettings } from "@/lib/connections/current-references";
import { isInUse } from "@/lib/connections/inactive";
import {
  type CheckHistory,
  type ConnectionListQuery,
  type ConnectionPage,
  type ConnectionStatus,
  type ConnectionSummary,
  historyLength,
  inconclusiveCodes,
} from "@/lib/connections/schema";
import { checkCodeSchema } from "@/lib/connectors/check-protocol";
import { withMember } from "@/lib/connectors/nested-reference";
import { connectors } from "@/lib/connectors/registry";
import { db, literal, Prisma } from "@/lib/db/client";
import { findNotAllowed } from "@/lib/destinations/queries";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";

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
    isFabricEmpty:
      rows.length === 0 &&
      (await db.connection.findFirst({ where: { fabricId }, select: { id: true } })) === null,
  };
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

type CheckRow = {
  connectionId: string;
  ok: boolean;
  code: string | null;
  durationMs: number;
  checkedAt: Date;
  since: Date;
  versions: Record<string, number>;
  /** Newest first. Times are ISO texts, from JSON. */
  history: { ok: boolean; at: string }[];
};

async function withStatus(fabricId: string, rows: readonly Row[]): Promise<ConnectionSummary[]> {
  const hashes = [...new Set(rows.map((row) => row.configHash))];
  const secretIds = [...new Set(rows.flatMap(({ secrets }) => secrets.map(({ secretId }) => secretId)))];
  const [requests, checks, current, inactive] = await Promise.all([
    newestRequests(fabricId, hashes),
    newestChecks(fabricId, rows),
    currentReferences(db, { fabricId }, secretIds),
    inactiveIdsOf(rows.map(({ id }) => id)),
  ]);
  const requestByHash = new Map(requests.map((request) => [request.configHash, request]));
  const checkById = new Map(checks.map((check) => [check.connectionId, check]));
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
    status: statusOf(
      requestByHash.get(row.configHash),
      checkById.get(row.id),
      versions,
      inactive.has(row.id),
    ),
    notAllowed: notAllowed[i] ?? null,
    history: historyOf(checkById.get(row.id)),
    isWarehouse: row.warehouseOf !== null,
    references: row.secrets.map(({ field, secretId, secret }) => ({ field, secretId, ...secret })),
    createdAt: row.createdAt,
    createdByName: row.createdByName,
    updatedAt: row.updatedAt,
    updatedByName: row.updatedByName,
  }));
}

type RequestRow = {
  configHash: string;
  decision: "declined" | null;
  askedByName: string;
  askedAt: Date;
  decidedByName: string;
};

/** For each configuration: the request that waits for an Admin, or else the newest declined request. */
function newestRequests(fabricId: string, hashes: readonly string[]): Promise<RequestRow[]> {
  return db.$queryRaw<RequestRow[]>`
    SELECT DISTINCT ON (r."configHash")
      r."configHash", r.decision, r."askedByName", r."askedAt", coalesce(r."decidedByName", '') AS "decidedByName"
    FROM destination_request r
    WHERE r."fabricId" = ${fabricId} AND r."configHash" = ANY(${hashes})
      AND (r.decision IS NULL OR r.decision = 'declined')
      AND r.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = r."secretId")
    ORDER BY r."configHash", r.decision NULLS FIRST, r."askedAt" DESC`;
}

/**
 * The status from the newest check. If a value was replaced since that check began, nobody has checked the
 * new value.
 */
function statusOf(
  request: RequestRow | undefined,
  check: CheckRow | undefined,
  currentVersions: ReadonlyMap<string, number>,
  isInactive: boolean,
): ConnectionStatus {
  if (request?.decision === null)
    return { state: "waiting", askedByName: request.askedByName, askedAt: request.askedAt };
  if (!check && request)
    return { state: "not_tested", reason: "declined", declinedByName: request.decidedByName };
  if (!check) return { state: "not_tested", reason: "never" };
  const { since, checkedAt, durationMs } = check;
  const isReplaced = Object.entries(check.versions).some(([id, tried]) => tried !== currentVersions.get(id));
  if (isReplaced) return { state: "not_tested", reason: "value_replaced" };
  if (isInactive) return { state: "inactive", checkedAt, durationMs };
  if (check.ok) return { state: "connected", since, checkedAt, durationMs };
  const code = checkCodeSchema.catch("unexpected").parse(check.code);
  return { state: "disconnected", since, checkedAt, durationMs, code };
}

function historyOf(check: CheckRow | undefined): CheckHistory {
  return (check?.history ?? []).map(({ ok, at }) => ({ ok, at: new Date(at) })).reverse();
}

/**
 * For each connection: the newest check of its configuration, since when checks end like that, and recent
 * history. Each part reads one index.
 *
 * A new connection starts with the last check of its form, if its creator ran one within an hour before saving.
 * Older checks concern another connection that had the same settings.
 */
function newestChecks(fabricId: string, rows: readonly Row[]): Promise<CheckRow[]> {
  const isConclusive = Prisma.sql`
    k."fabricId" = ${fabricId} AND k."configHash" = c.hash
    AND (k.code IS NULL OR k.code <> ALL(${[...inconclusiveCodes]}))`;
  const isOwn = Prisma.sql`${isConclusive} AND k."checkedAt" >= first."checkedAt"`;
  return db.$queryRaw<CheckRow[]>`
    SELECT c.id AS "connectionId", newest.*, streak.since, recent.history
    FROM unnest(
      ${rows.map(({ id }) => id)}::text[], ${rows.map(({ configHash }) => configHash)}::text[],
      ${rows.map(({ createdById }) => createdById)}::text[],
      ${rows.map(({ createdAt }) => createdAt.toISOString())}::text[]
    ) AS input(id, hash, "createdById", "createdAtText")
    CROSS JOIN LATERAL (SELECT input.*, input."createdAtText"::timestamptz AS "createdAt") AS c
    CROSS JOIN LATERAL (
      SELECT coalesce(max(k."checkedAt"), c."createdAt") AS "checkedAt" FROM connection_check k
      WHERE ${isConclusive} AND k."actorId" = c."createdById"
        AND k."checkedAt" BETWEEN c."createdAt" - interval '1 hour' AND c."createdAt"
    ) AS first
    CROSS JOIN LATERAL (
      SELECT k.ok, k.code, k."tookMs" AS "durationMs", k."checkedAt", k.versions FROM connection_check k
      WHERE ${isOwn} ORDER BY k."checkedAt" DESC LIMIT 1
    ) AS newest
    CROSS JOIN LATERAL (
      SELECT min(k."checkedAt") AS since FROM connection_check k
      WHERE ${isOwn} AND k."checkedAt" > coalesce(
        (SELECT max(k."checkedAt") FROM connection_check k WHERE ${isOwn} AND k.ok <> newest.ok), '-infinity')
    ) AS streak
    CROSS JOIN LATERAL (
      SELECT json_agg(json_build_object('ok', last.ok, 'at', last."checkedAt") ORDER BY last."checkedAt" DESC) AS history
      FROM (
        SELECT k.ok, k."checkedAt" FROM connection_check k
        WHERE ${isOwn} ORDER BY k."checkedAt" DESC LIMIT ${historyLength}
      ) AS last
    ) AS recent`;
}

async function inactiveIdsOf(ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT c.id FROM connection c WHERE c.id = ANY(${ids}) AND NOT ${isInUse()}`;
  return new Set(rows.map(({ id }) => id));
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
