import type { Client } from "pg";
import { usedForDays } from "@/lib/secrets/schema";

/**
 * Fills `secret_reader` from the audit log of an earlier version, so that no secret looks unused after the
 * upgrade. Reads the whole log once.
 */
export async function notePastReaders(owner: Client): Promise<void> {
  await owner.query(
    `INSERT INTO secret_reader ("secretId", "readerId", "readerName", connection, name, "fabricId", "lastVersion", "lastReadAt", reads)
     SELECT e."objectId", e."actorId", e."actorName", way.connection, way.name, s."fabricId",
       (array_agg(coalesce((e.details->>'version')::int, 1) ORDER BY e.at DESC))[1], max(e.at),
       sum(coalesce((e.details->>'count')::bigint, 1))
     FROM audit_event e JOIN secret s ON s.id = e."objectId" AND s."fabricId" = e."fabricId"
     CROSS JOIN LATERAL (SELECT coalesce(e.details->>'connection', '') AS connection,
       CASE WHEN e.details ? 'connection' THEN '' ELSE coalesce(e.details->>'name', e."objectName") END AS name) way
     WHERE e.at > now() - interval '${usedForDays} days' AND e."actorKind" = 'pipeline'
       AND (e.action IN ('secret.token', 'secret.unchanged') OR e.action = 'secret.use' AND e.details->>'purpose' <> 'token')
     GROUP BY e."objectId", e."actorId", e."actorName", way.connection, way.name, s."fabricId"
     ON CONFLICT DO NOTHING`,
  );
}
