import type { Client } from "pg";
import { inconclusiveCodes } from "@/lib/connections/schema";
import { shownDays, usedForDays } from "@/lib/secrets/schema";

const secretsAtOnce = 5_000;

/**
 * Fills what lists and pages say about the use of secrets: a row of `secret_use` for each secret, which ones were
 * replaced, which connections fail, and from the audit log the last uses, the reads of each day and the first read of
 * each reader. Reads the whole log once.
 */
export async function notePastUses(owner: Client): Promise<void> {
  for (let after = ""; ; ) {
    const { rows } = await owner.query<{ id: string }>(
      "SELECT id FROM secret WHERE id > $1 ORDER BY id LIMIT $2",
      [after, secretsAtOnce],
    );
    const last = rows.at(-1);
    if (!last) break;
    await owner.query(
      `INSERT INTO secret_use ("secretId", "fabricId", "idleSince")
       SELECT id, "fabricId", "createdAt" FROM secret WHERE id > $1 AND id <= $2 ON CONFLICT DO NOTHING`,
      [after, last.id],
    );
    await owner.query(
      `UPDATE secret s SET "isReplaced" = true WHERE id > $1 AND id <= $2 AND NOT "isReplaced"
         AND EXISTS (SELECT FROM secret_version v WHERE v."secretId" = s.id AND v.version > 1)`,
      [after, last.id],
    );
    after = last.id;
  }
  await owner.query(noteFailingChecks, [[...inconclusiveCodes]]);
  await owner.query(noteEvents);
}

const noteFailingChecks = `
  INSERT INTO failing_check ("fabricId", "configHash", code, "actorId", "checkedAt", versions)
  SELECT DISTINCT newest."fabricId", newest."configHash", newest.code, newest."actorId", newest."checkedAt", newest.versions
  FROM connection c CROSS JOIN LATERAL (
    SELECT k.* FROM connection_check k
    WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash" AND (k.code IS NULL OR k.code <> ALL ($1))
    ORDER BY k."checkedAt" DESC LIMIT 1
  ) newest
  WHERE NOT newest.ok
  ON CONFLICT DO NOTHING`;

// Rows that automate has stored meanwhile are newer, and stay.
const noteEvents = `
  WITH used AS (
    SELECT e."objectId" AS "secretId", s."fabricId", e."actorId", e."actorName", e."actorKind" = 'pipeline'
        AND (e.action <> 'secret.use' OR e.details->>'purpose' <> 'token') AS "isRead",
      coalesce(e.details->>'connection', '') AS connection,
      CASE WHEN e.details ? 'connection' THEN '' ELSE coalesce(e.details->>'name', e."objectName") END AS name,
      (e.at AT TIME ZONE 'UTC')::date AS day, min(e.at) AS first, max(e.at) AS last,
      sum(coalesce((e.details->>'count')::bigint, 1)) AS reads
    FROM audit_event e JOIN secret s ON s.id = e."objectId" AND s."fabricId" = e."fabricId"
    WHERE e.action IN ('secret.use', 'secret.token', 'secret.unchanged') AND e.at > now() - interval '${usedForDays} days'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), days AS (
    INSERT INTO secret_read_day ("secretId", day, reads)
    SELECT "secretId", day, sum(reads) FROM used WHERE "isRead" AND day > (now() AT TIME ZONE 'UTC')::date - ${shownDays} GROUP BY 1, 2
    ON CONFLICT DO NOTHING
  ), firsts AS (
    UPDATE secret_reader r SET "firstReadAt" = f.first
    FROM (SELECT "secretId", "actorId", "actorName", connection, name, min(first) AS first FROM used WHERE "isRead" GROUP BY 1, 2, 3, 4, 5) f
    WHERE r."secretId" = f."secretId" AND r."readerId" = f."actorId" AND r."readerName" = f."actorName"
      AND r.connection = f.connection AND r.name = f.name AND r."firstReadAt" IS NULL
  )
  UPDATE secret_use u SET "isUsed" = true, "idleSince" = l.last
  FROM (SELECT "secretId", max(last) AS last FROM used GROUP BY 1) l
  WHERE u."secretId" = l."secretId" AND (NOT u."isUsed" OR u."idleSince" < l.last)`;
