import "server-only";
import type { Scope } from "@/lib/access/scope";
import { preparedQuery } from "@/lib/db/prepared";
import { maxShownReaders, type SecretReader, shownDays, usedForDays } from "@/lib/secrets/schema";

/** How many rows of one secret are counted. An issuer may have any number of workloads. */
const maxCounted = 1_000;

/** SQL for each secret `s`: how many pipelines read it, and when one last did. */
export const pipelinesOfSecret = `CROSS JOIN LATERAL (
    SELECT count(*)::int AS pipelines, max("lastReadAt") AS "lastReadAt" FROM (
      SELECT max("lastReadAt") AS "lastReadAt" FROM (
        SELECT "readerId", "readerName", "lastReadAt" FROM secret_reader
        WHERE "secretId" = s.id AND "lastReadAt" > now() - interval '${usedForDays} days' LIMIT ${maxCounted}
      ) recent GROUP BY "readerId", "readerName") pipeline) r`;

const findReaders = preparedQuery<SecretReader>(
  `SELECT "readerName" AS pipeline, nullif(connection, '') AS connection, nullif(name, '') AS name, "lastVersion" AS version,
     "firstReadAt", "lastReadAt", reads::float8 AS reads, "readerId" AS "pipelineId"
   FROM secret_reader
   WHERE "secretId" = $1 AND "fabricId" = $2 AND "lastReadAt" > now() - interval '${usedForDays} days'
   ORDER BY "lastReadAt" DESC LIMIT ${maxShownReaders}`,
);

/** The pipelines that read a secret in the last `usedForDays` days, newest first, at most `maxShownReaders`. */
export async function listReaders(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<readonly SecretReader[]> {
  return findReaders(secretId, fabricId);
}

const countByDay = preparedQuery<{ reads: number }>(
  `SELECT coalesce(d.reads, 0)::float8 AS reads
   FROM generate_series((now() AT TIME ZONE 'UTC')::date - ${shownDays - 1}, (now() AT TIME ZONE 'UTC')::date, interval '1 day') AS shown(day)
   LEFT JOIN secret s ON s.id = $1 AND s."fabricId" = $2
   LEFT JOIN secret_read_day d ON d."secretId" = s.id AND d.day = shown.day::date
   ORDER BY shown.day`,
);

/** How often pipelines read a secret on each of the last `shownDays` days, in UTC, oldest first. */
export async function listReadsByDay(
  { fabricId }: Scope<"secret:list">,
  secretId: string,
): Promise<number[]> {
  return (await countByDay(secretId, fabricId)).map(({ reads }) => reads);
}
