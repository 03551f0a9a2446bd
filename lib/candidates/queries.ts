import "server-only";
import type { Scope } from "@/lib/access/scope";
import {
  type CandidateConnection,
  type CandidateDetail,
  type CandidateResult,
  type CandidateState,
  maxShownConsumers,
} from "@/lib/candidates/schema";
import { findStatuses } from "@/lib/connections/statuses";
import { checkCodeSchema } from "@/lib/connectors/check-protocol";
import { findConnector } from "@/lib/connectors/registry";
import { metaOf } from "@/lib/connectors/validate";
import { db } from "@/lib/db/client";
import { manifestOf } from "@/lib/secrets/queries";

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
  { fabricId, actor }: Scope<"secret:list">,
  secretId: string,
): Promise<CandidateDetail | null> {
  if (secretId.includes("\0")) return null;
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
  const { connections, total } = await listConsumers(fabricId, secretId, row);
  return {
    secretId,
    candidate,
    state: stateOf(row),
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
  };
}

function stateOf({ outcome, isExpired, baseVersion, currentVersion }: CandidateRow): CandidateState {
  if (outcome) return outcome;
  if (baseVersion !== currentVersion) return "outdated";
  return isExpired ? "expired" : "open";
}

async function listConsumers(
  fabricId: string,
  secretId: string,
  { number, currentVersion }: CandidateRow,
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
      candidateChecks: { where: { secretId, number } },
    },
  });
  const total = rows.length < maxShownConsumers ? rows.length : await db.connection.count({ where });
  const statuses = await findStatuses(fabricId, rows);
  // Only this secret's version matters here: a check that tried another value of it says nothing about this one.
  const versions = await currentVersions(rows.map(({ id }) => id));
  versions.set(secretId, currentVersion);
  return {
    connections: rows.map((row) => {
      const [check] = row.candidateChecks;
      const { id, name, kind } = row;
      const isCurrent = check?.configHash === row.configHash;
      return {
        id,
        name,
        kind,
        result: check && isCurrent ? resultOf(kind, check) : null,
        status: statuses.statusOf(row, versions),
      };
    }),
    total,
  };
}

/** The current version of each secret that these connections use. */
async function currentVersions(connectionIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.$queryRaw<{ id: string; version: number }[]>`
    SELECT v."secretId" AS id, max(v.version) AS version FROM secret_version v
    WHERE v."secretId" IN (SELECT "secretId" FROM connection_secret WHERE "connectionId" = ANY(${[...connectionIds]}))
    GROUP BY v."secretId"`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}

function resultOf(
  kind: string,
  check: { ok: boolean; code: string | null; field: string | null; durationMs: number; checkedAt: Date },
): CandidateResult {
  const { ok, code, field, durationMs, checkedAt } = check;
  return {
    ok,
    code: code === null ? null : checkCodeSchema.catch("unexpected").parse(code),
    field: field === null ? null : { name: field, title: titleOf(kind, field) },
    durationMs,
    checkedAt,
  };
}

/** The title of a connection's field on screens. */
function titleOf(kind: string, field: string): string {
  const connector = findConnector(kind);
  return (connector && metaOf(connector, field).title) || field;
}
