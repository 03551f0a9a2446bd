import "server-only";
import type { Scope } from "@/lib/access/scope";
import {
  type CandidateConnection,
  type CandidateDetail,
  type CandidateResult,
  type CandidateState,
  candidatePrefix,
  isRecent,
  type KindWords,
  maxShownConsumers,
  type UndoOffer,
} from "@/lib/candidates/schema";
import { currentReferences, secretsOfSettings } from "@/lib/connections/current-references";
import { findStatuses } from "@/lib/connections/statuses";
import { checkCodeSchema } from "@/lib/connectors/check-protocol";
import { connectorForm } from "@/lib/connectors/form";
import { findConnector } from "@/lib/connectors/registry";
import { db, type Prisma } from "@/lib/db/client";
import { areAllowed, listAuthorityNames } from "@/lib/destinations/queries";
import { manifestOf } from "@/lib/secrets/queries";
import { type SecretMetadata, undoHours } from "@/lib/secrets/schema";

type CandidateRow = {
  number: number;
  baseVersion: number;
  outcome: Exclude<CandidateState, "open"> | null;
  expiresAt: Date;
  isExpired: boolean;
  promotedVersion: number | null;
  closedAt: Date | null;
  closedByName: string | null;
  currentVersion: number;
  manifest: Parameters<typeof manifestOf>[0] | null;
  createdAt: Date | null;
  createdById: string | null;
  createdByName: string | null;
};

/** The newest candidate of a secret of the fabric, in any state, with its connections; null if it never had one. */
export async function getCandidate(
  scope: Scope<"secret:list">,
  secretId: string,
): Promise<CandidateDetail | null> {
  if (secretId.includes("\0")) return null;
  const { fabricId, actor } = scope;
  const [row] = await db.$queryRaw<CandidateRow[]>`
    SELECT c.number, c."baseVersion", c.outcome, c."expiresAt", c."expiresAt" <= now() AS "isExpired",
      c."promotedVersion", c."closedAt", c."closedByName", current.version AS "currentVersion",
      own.manifest, own."createdAt", own."createdById", own."createdByName"
    FROM secret_candidate c
    JOIN secret s ON s.id = c."secretId" AND s."fabricId" = ${fabricId} AND s."deletedAt" IS NULL
    CROSS JOIN LATERAL (
      SELECT version FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1
    ) current
    LEFT JOIN secret_version own ON own."secretId" = s.id AND own.version = -c.number
    WHERE c."secretId" = ${secretId} ORDER BY c.number DESC LIMIT 1`;
  if (!row) return null;
  const { number: candidate, manifest, createdById, ...shown } = row;
  const state = stateOf(row);
  // The page does not show the connections of a candidate that was closed long ago.
  const isShown = state === "open" || (state === "promoted" && isRecent(row));
  const { connections, total } = isShown
    ? await listConsumers(fabricId, secretId, row)
    : { connections: [], total: 0 };
  const destinations = connections.flatMap(({ notAllowed }) => notAllowed);
  return {
    secretId,
    candidate,
    state,
    fields: Object.entries(manifestOf(manifest)).flatMap(([field, setIn]) =>
      setIn === -candidate ? [field] : [],
    ),
    isOwn: createdById === actor.id,
    baseVersion: shown.baseVersion,
    createdAt: shown.createdAt,
    createdByName: shown.createdByName,
    expiresAt: shown.expiresAt,
    promotedVersion: shown.promotedVersion,
    closedAt: shown.closedAt,
    closedByName: shown.closedByName,
    connections,
    total,
    kinds: wordsOf(connections),
    authorities: await listAuthorityNames(scope, destinations),
  };
}

/** The titles that verdicts name, for the kinds of these connections. The browser does not load the connectors. */
function wordsOf(connections: readonly Pick<CandidateConnection, "kind">[]): Record<string, KindWords> {
  return Object.fromEntries(
    [...new Set(connections.map(({ kind }) => kind))].flatMap((kind) => {
      const connector = findConnector(kind);
      if (!connector) return [];
      const { fields, stepTitles } = connectorForm(connector);
      return [
        [kind, { fields: Object.fromEntries(fields.map(({ name, title }) => [name, title])), stepTitles }],
      ];
    }),
  );
}

function stateOf({ outcome, isExpired, baseVersion, currentVersion }: CandidateRow): CandidateState {
  if (outcome) return outcome;
  if (baseVersion !== currentVersion) return "outdated";
  return isExpired ? "expired" : "open";
}

/** The connections of a secret with their results for its candidate; without one, `number` is 0. */
async function listConsumers(
  fabricId: string,
  secretId: string,
  { number, currentVersion }: Pick<CandidateRow, "number" | "currentVersion">,
): Promise<{ connections: CandidateConnection[]; total: number }> {
  const where = { fabricId, secrets: { some: { secretId } } };
  const rows = await db.connection.findMany({
    where,
    orderBy: { nameKey: "asc" },
    take: maxShownConsumers,
    select: {
      id: true,
      name: true,
      kind: true,
      configHash: true,
      createdById: true,
      createdAt: true,
      properties: true,
      secrets: { select: { field: true, secretId: true } },
      candidateChecks: { where: { secretId, number } },
    },
  });
  const total = rows.length < maxShownConsumers ? rows.length : await db.connection.count({ where });
  const statuses = await findStatuses(fabricId, rows);
  // Only this secret's version matters here: a check that tried another value of it says nothing about this one.
  const versions = await currentVersions(rows.map(({ id }) => id));
  versions.set(secretId, currentVersion);
  const results = rows.map(({ candidateChecks: [check], configHash }) =>
    check?.configHash === configHash ? resultOf(check) : null,
  );
  const notAllowed = await findNotAllowedFor(
    { fabricId, secretId, version: -number },
    rows.map((row, i) => (results[i]?.code === "destination_not_allowed" ? row : null)),
  );
  const prefix = candidatePrefix(secretId, number);
  const requests = await db.destinationRequest.findMany({
    where: {
      fabricId,
      configHash: { in: rows.map(({ configHash }) => prefix + configHash) },
      decision: null,
    },
    select: { configHash: true, askedByName: true, askedAt: true },
  });
  const requestOf = new Map(requests.map(({ configHash, ...request }) => [configHash, request]));
  return {
    connections: rows.map((row, i) => ({
      id: row.id,
      name: row.name,
      kind: row.kind,
      result: results[i] ?? null,
      notAllowed: notAllowed[i] ?? [],
      request: requestOf.get(prefix + row.configHash) ?? null,
      status: statuses.statusOf(row, versions),
    })),
    total,
  };
}

type Settings = {
  kind: string;
  properties: Prisma.JsonValue;
  secrets: { field: string; secretId: string }[];
};

/**
 * The destinations of each connection that are not allowed for the candidate, or for another secret of the connection;
 * none for null.
 */
async function findNotAllowedFor(
  { fabricId, secretId, version }: { fabricId: string; secretId: string; version: number },
  connections: readonly (Settings | null)[],
): Promise<string[][]> {
  if (connections.every((one) => one === null)) return [];
  const ids = connections.flatMap((one) => one?.secrets.map((reference) => reference.secretId) ?? []);
  const references = await currentReferences(db, { fabricId }, ids);
  const own = references.get(secretId);
  const stored = await db.secretVersion.findUnique({
    where: { secretId_version: { secretId, version } },
    select: { metadata: true },
  });
  if (own && stored)
    references.set(secretId, { ...own, version, metadata: stored.metadata as SecretMetadata });
  const sent = connections.flatMap((one, at) =>
    one === null
      ? []
      : secretsOfSettings(
          { kind: one.kind, properties: plainOf(one.properties), references: one.secrets },
          references,
        ).flatMap(({ secret, destinations }) =>
          destinations.map((destination) => ({
            at,
            secretId: secret.id,
            version: secret.version,
            destination,
          })),
        ),
  );
  const allowed = await areAllowed(fabricId, sent, "checks");
  return connections.map((_, at) => [
    ...new Set(sent.flatMap((one, i) => (one.at === at && !allowed[i] ? [one.destination] : []))),
  ]);
}

function plainOf(properties: Prisma.JsonValue): Readonly<Record<string, unknown>> {
  return typeof properties === "object" && properties !== null && !Array.isArray(properties)
    ? properties
    : {};
}

/** What an undo of the current version would bring back; null when the fabric no longer keeps it. Automate decides. */
export async function findUndo(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<UndoOffer | null> {
  const [offer] = await db.$queryRaw<Omit<UndoOffer, "connections" | "total" | "kinds">[]>`
    SELECT current.version, former."createdByName" AS "enteredByName",
      CASE
        WHEN s.origin > 0 THEN s.origin
        WHEN s.origin < 0 THEN
          (SELECT min(o.version) FROM settled_version o WHERE o."secretId" = ${secretId} AND o.origin = s.origin)
        ELSE former.version
      END AS "formerVersion",
      EXISTS (
        SELECT FROM password_run r WHERE r."secretId" = ${secretId} AND r.version = current.version AND r."user" = ''
      ) AS "isRefused",
      CASE WHEN NOT rule."keepsVersions" THEN current."createdAt" + make_interval(hours => ${undoHours}::int) END AS until
    FROM (
      SELECT version, "createdAt" FROM secret_version
      WHERE "secretId" = ${secretId} AND "fabricId" = ${fabricId} ORDER BY version DESC LIMIT 1
    ) current
    JOIN secret_version former ON former."secretId" = ${secretId} AND former.version = current.version - 1
      AND former."purgedAt" IS NULL AND former.version > 0
    LEFT JOIN settled_version s ON s."secretId" = ${secretId} AND s.version = former.version
    CROSS JOIN (
      SELECT EXISTS (
        SELECT FROM version_rule r WHERE r."fabricId" = ${fabricId} AND r."formerVersions" > 0) AS "keepsVersions"
    ) rule
    WHERE rule."keepsVersions" OR current."createdAt" > now() - make_interval(hours => ${undoHours}::int)`;
  if (!offer) return null;
  const users = await listConsumers(fabricId, secretId, { number: 0, currentVersion: offer.version });
  return { ...offer, ...users, kinds: wordsOf(users.connections) };
}

/** The current version of each secret that these connections use. */
async function currentVersions(connectionIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ id: string; version: number }[]>`
    SELECT v."secretId" AS id, max(v.version) AS version FROM secret_version v
    WHERE v."secretId" IN (SELECT "secretId" FROM connection_secret WHERE "connectionId" = ANY(${[...connectionIds]}))
    GROUP BY v."secretId"`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}

function resultOf(check: {
  ok: boolean;
  code: string | null;
  field: string | null;
  durationMs: number;
  checkedAt: Date;
}): CandidateResult {
  const { ok, code, field, durationMs, checkedAt } = check;
  return {
    ok,
    code: code === null ? null : checkCodeSchema.catch("unexpected").parse(code),
    field,
    durationMs,
    checkedAt,
  };
}
