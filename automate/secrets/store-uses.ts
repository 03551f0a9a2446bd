import { preparedQuery } from "@/lib/db/prepared";

/** Reads of one secret by one pipeline in one way. `msAgo` is the age of the last one. */
export type StoredReads = {
  secretId: string;
  fabricId: string;
  readerId: string;
  readerName: string;
  connection: string;
  connectionId: string;
  name: string;
  version: number;
  reads: number;
  msAgo: number;
};

/** A secret that a check sent, and how long ago. */
export type StoredSending = { secretId: string; fabricId: string; msAgo: number };

// In the order of each key, so that two copies of automate do not lock rows in opposite orders. Joined with
// `secret`, because a purged one has no readers. A duration, not a timestamp: the clocks of automate and Postgres
// may differ.
const upsert = preparedQuery(
  `WITH read AS (
     SELECT r.*, now() - r."msAgo" * interval '1 ms' AS at
     FROM jsonb_to_recordset($1::jsonb) AS r("secretId" text, "readerId" text, "readerName" text, connection text,
       "connectionId" text, name text, "fabricId" text, version int, "msAgo" float8, reads int)
     JOIN secret s ON s.id = r."secretId"
   ), sent AS (
     SELECT r."secretId", r."fabricId", now() - r."msAgo" * interval '1 ms' AS at
     FROM jsonb_to_recordset($2::jsonb) AS r("secretId" text, "fabricId" text, "msAgo" float8)
     JOIN secret s ON s.id = r."secretId"
   ), days AS (
     INSERT INTO secret_read_day ("secretId", day, reads)
     SELECT "secretId", (at AT TIME ZONE 'UTC')::date, sum(reads) FROM read GROUP BY 1, 2 ORDER BY 1, 2
     ON CONFLICT ("secretId", day) DO UPDATE SET reads = secret_read_day.reads + excluded.reads
   ), uses AS (
     INSERT INTO secret_use ("secretId", "fabricId", "isUsed", "idleSince")
     SELECT "secretId", min("fabricId"), true, max(at)
     FROM (SELECT "secretId", "fabricId", at FROM read UNION ALL SELECT * FROM sent) used GROUP BY 1 ORDER BY 1
     ON CONFLICT ("secretId") DO UPDATE SET "isUsed" = true, "idleSince" = excluded."idleSince"
       WHERE NOT secret_use."isUsed" OR secret_use."idleSince" < excluded."idleSince"
   )
   INSERT INTO secret_reader ("secretId", "readerId", "readerName", connection, name, "connectionId", "fabricId", "lastVersion",
     "firstReadAt", "lastReadAt", reads)
   SELECT "secretId", "readerId", "readerName", connection, name, "connectionId", "fabricId", version, at, at, reads FROM read
   ORDER BY 1, 2, 3, 4, 5
   ON CONFLICT ("secretId", "readerId", "readerName", connection, name) DO UPDATE SET
     "lastVersion" = CASE WHEN excluded."lastReadAt" < secret_reader."lastReadAt" THEN secret_reader."lastVersion" ELSE excluded."lastVersion" END,
     "connectionId" = excluded."connectionId",
     "lastReadAt" = greatest(secret_reader."lastReadAt", excluded."lastReadAt"),
     reads = secret_reader.reads + excluded.reads`,
);

/**
 * Adds reads to their readers and days, and notes the last use of each secret, all or nothing. A secret that was
 * purged meanwhile is left out.
 */
export async function storeUses(
  reads: readonly StoredReads[],
  sendings: readonly StoredSending[],
): Promise<void> {
  await upsert(JSON.stringify(reads), JSON.stringify(sendings));
}
