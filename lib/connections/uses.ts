import "server-only";
import type { Scope } from "@/lib/access/scope";
import { type ConnectionSecretUse, inconclusiveCodes } from "@/lib/connections/schema";
import { db } from "@/lib/db/client";
import { usedForDays } from "@/lib/secrets/schema";

type Read = { id: string; pipelines: number; lastReadAt: Date };

/**
 * For each of these connections that pipelines read in the last `usedForDays` days: how many, and when last. A reader
 * of an earlier version has the connection's name only.
 */
export async function readsOfConnections(ids: readonly string[]): Promise<Map<string, Read>> {
  if (ids.length === 0) return new Map();
  const rows = await db.$queryRaw<Read[]>`
    SELECT c.id, count(DISTINCT (r."readerId", r."readerName"))::int AS pipelines, max(r."lastReadAt") AS "lastReadAt"
    FROM connection c JOIN connection_secret cs ON cs."connectionId" = c.id
    JOIN secret_reader r ON r."secretId" = cs."secretId"
      AND (r."connectionId" = c.id OR r."connectionId" = '' AND r.connection = c.name)
    WHERE c.id = ANY(${ids}) AND r."lastReadAt" > now() - make_interval(days => ${usedForDays}::int)
    GROUP BY c.id`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** The secrets that a connection references, each with the newest check that tried it. In the order of their fields. */
export function listConnectionSecrets(
  { fabricId }: Scope<"connection:list">,
  connectionId: string,
): Promise<ConnectionSecretUse[]> {
  return db.$queryRaw<ConnectionSecretUse[]>`
    SELECT cs.field, s.id, s.name,
      (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = s.id) AS "currentVersion",
      k."checkedAt", (k.versions->>s.id)::int AS "checkedVersion", coalesce(k.ok, false) AS "hasPassed"
    FROM connection c JOIN connection_secret cs ON cs."connectionId" = c.id JOIN secret s ON s.id = cs."secretId"
    LEFT JOIN LATERAL (
      SELECT k."checkedAt", k.versions, k.ok FROM connection_check k
      WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash" AND k.versions ? s.id
        AND (k.code IS NULL OR k.code <> ALL(${[...inconclusiveCodes]}))
      ORDER BY k."checkedAt" DESC LIMIT 1
    ) k ON true
    WHERE c.id = ${connectionId} AND c."fabricId" = ${fabricId}
    ORDER BY cs.field`;
}
