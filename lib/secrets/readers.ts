import "server-only";
import type { Scope } from "@/lib/access/scope";
import { preparedQuery } from "@/lib/db/prepared";
import { maxShownReaders, type SecretReader, usedForDays } from "@/lib/secrets/schema";

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
     "lastReadAt", reads::float8 AS reads
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
