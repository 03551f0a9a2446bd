import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { tokenStatus } from "@/lib/pipeline-tokens/schema";
import { maxShownReads, type PipelineDetail, type PipelineRead } from "@/lib/pipelines/schema";
import { NotFound } from "@/lib/result";
import { usedForDays } from "@/lib/secrets/schema";

const isRecent = `r."lastReadAt" > now() - interval '${usedForDays} days'`;
const readColumns = `r."readerName" AS pipeline, nullif(r.connection, '') AS connection, nullif(r.name, '') AS name,
  r."lastVersion" AS version, r."firstReadAt", r."lastReadAt", r.reads::float8 AS reads,
  s.id AS "secretId", s.name AS "secretName",
  (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = s.id) AS "currentVersion"`;

const readsOfPipeline = preparedQuery<PipelineRead>(
  `SELECT ${readColumns} FROM secret_reader r JOIN secret s ON s.id = r."secretId" AND s."deletedAt" IS NULL
   WHERE r."readerId" = $1 AND r."fabricId" = $2 AND ${isRecent} ORDER BY r."lastReadAt" DESC LIMIT ${maxShownReads}`,
);

type Counts = Pick<PipelineDetail, "count" | "secrets" | "deletedSecrets" | "lastReadAt">;

const countReads = preparedQuery<Counts>(
  `SELECT (count(*) FILTER (WHERE s."deletedAt" IS NULL))::int AS count,
     (count(DISTINCT s.id) FILTER (WHERE s."deletedAt" IS NULL))::int AS secrets,
     (count(DISTINCT s.id) FILTER (WHERE s."deletedAt" IS NOT NULL))::int AS "deletedSecrets", max(r."lastReadAt") AS "lastReadAt"
   FROM secret_reader r JOIN secret s ON s.id = r."secretId"
   WHERE r."readerId" = $1 AND r."fabricId" = $2 AND ${isRecent}`,
);

/**
 * A pipeline token, or a trusted issuer, with what it read. Throws `NotFound` for one of another fabric. Of an issuer
 * that is no longer trusted, the reads remain.
 */
export async function getPipeline(scope: Scope<"token:list">, id: string): Promise<PipelineDetail> {
  const { fabricId } = scope;
  if (id.includes("\0")) throw new NotFound("Pipeline not found.");
  const columns = { name: true, createdAt: true, createdByName: true } as const;
  const [token, issuer, reads, [counts]] = await Promise.all([
    db.pipelineToken.findFirst({
      where: { id, fabricId },
      select: { ...columns, expiresAt: true, revokedAt: true },
    }),
    db.trustedIssuer.findFirst({ where: { id, fabricId }, select: columns }),
    readsOfPipeline(id, fabricId),
    countReads(id, fabricId),
  ]);
  const found = token ?? issuer;
  if ((!found && reads.length === 0) || !counts) throw new NotFound("Pipeline not found.");
  return {
    id,
    name: found?.name ?? (reads[0]?.pipeline.split(": ")[0] || ""),
    kind: token ? "token" : issuer ? "issuer" : "removed",
    createdAt: found?.createdAt ?? null,
    createdByName: found?.createdByName ?? "",
    token: token && {
      status: tokenStatus(token, new Date()),
      expiresAt: token.expiresAt,
      revokedAt: token.revokedAt,
    },
    reads,
    ...counts,
  };
}

// A reader of an earlier version has the connection's name only.
const readsThroughConnection = preparedQuery<PipelineRead & { pipelineId: string }>(
  `SELECT ${readColumns}, r."readerId" AS "pipelineId" FROM connection c
   JOIN secret_reader r ON r."fabricId" = c."fabricId" AND r."secretId" IN (SELECT cs."secretId" FROM connection_secret cs WHERE cs."connectionId" = c.id)
     AND (r."connectionId" = c.id OR r."connectionId" = '' AND r.connection = c.name)
   JOIN secret s ON s.id = r."secretId" AND s."deletedAt" IS NULL
   WHERE c.id = $1 AND c."fabricId" = $2 AND ${isRecent} ORDER BY r."lastReadAt" DESC LIMIT ${maxShownReads}`,
);

/** Who read the secrets of a connection through it, newest first, at most `maxShownReads`. */
export async function listReadsThrough(
  { fabricId }: Scope<"connection:list">,
  connectionId: string,
): Promise<readonly (PipelineRead & { pipelineId: string })[]> {
  return readsThroughConnection(connectionId, fabricId);
}
