import "server-only";
import {
  type CheckHistory,
  type ConnectionStatus,
  historyLength,
  inconclusiveCodes,
} from "@/lib/connections/schema";
import { checkCodeSchema } from "@/lib/connectors/check-protocol";
import { db, Prisma } from "@/lib/db/client";
import { isInUse } from "@/lib/uses/connection-in-use";

type Row = { id: string; configHash: string; createdById: string; createdAt: Date };

/** Reads the newest checks and requests of connections, from which their statuses follow. */
export async function findStatuses(fabricId: string, rows: readonly Row[]) {
  const hashes = [...new Set(rows.map(({ configHash }) => configHash))];
  const [requests, checks, inactive] = await Promise.all([
    newestRequests(fabricId, hashes),
    newestChecks(fabricId, rows),
    inactiveIdsOf(rows.map(({ id }) => id)),
  ]);
  const requestByHash = new Map(requests.map((request) => [request.configHash, request]));
  const checkById = new Map(checks.map((check) => [check.connectionId, check]));
  return {
    /** `versions` are the current versions of the secrets, by their ids. */
    statusOf: ({ id, configHash }: Row, versions: ReadonlyMap<string, number>) =>
      statusOf(requestByHash.get(configHash), checkById.get(id), versions, inactive.has(id)),
    historyOf: ({ id }: Row) => historyOf(checkById.get(id)),
  };
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
