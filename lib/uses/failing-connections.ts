import "server-only";
import { Prisma } from "@/lib/db/client";
import { isInUse } from "@/lib/uses/connection-in-use";

/**
 * SQL of a join: the failing checks `f` with the connections `c` that are Disconnected by them. The same rule as a
 * connection's status: a check of a form counts for its connection for an hour, a replaced value or a waiting
 * request ends it, and an unused connection is Inactive instead.
 */
export function failingConnections(): Prisma.Sql {
  return Prisma.sql`failing_check f JOIN connection c ON c."fabricId" = f."fabricId" AND c."configHash" = f."configHash"
    AND (f."checkedAt" >= c."createdAt"
      OR f."actorId" = c."createdById" AND f."checkedAt" >= c."createdAt" - interval '1 hour')
    AND NOT EXISTS (
      SELECT FROM jsonb_each_text(f.versions) AS tried("secretId", version)
      WHERE tried.version::int <> (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = tried."secretId"))
    AND NOT EXISTS (
      SELECT FROM destination_request r
      WHERE r."fabricId" = c."fabricId" AND r."configHash" = c."configHash" AND r.decision IS NULL
        AND r.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = r."secretId"))
    AND ${isInUse()}`;
}
