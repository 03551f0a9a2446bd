import "server-only";
import { type Bind, bound } from "@/lib/db/bound";
import { Prisma } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { isOwner, teamMembers } from "@/lib/expiry/owner";
import { pipelinesOfSecret } from "@/lib/secrets/readers";
import type { SecretSummary } from "@/lib/secrets/schema";
import { failingConnections } from "@/lib/uses/failing-connections";
import { openCandidate } from "@/lib/uses/open-candidate";

/** A row of the table as Postgres returns it. All columns are public. */
export type Row = Omit<SecretSummary, "subKind" | "expiry" | "owner"> & {
  subKind: string;
  createdById: string;
  expiresAt: Date;
  expirySource: string;
  ownerId: string | null;
  ownerName: string;
  ownerEmail: string;
};

/**
 * Reads secrets of a fabric, in the order of `ids`. Leaves out those that are in the trash, or gone.
 *
 * The failing connections are read once, from the few failing checks of the fabric: a secret may have any number of
 * connections. With `LIMIT 1`, Postgres looks up each row by its key. It does not know how few ids there are, and would
 * otherwise read a whole table for a page. Nor does it see how long the array is, so it keeps one plan.
 */
export async function readSummaries(fabricId: string, ids: readonly string[]): Promise<Row[]> {
  if (ids.length === 0) return [];
  const values: unknown[] = [fabricId, ids];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const text = `WITH s AS MATERIALIZED (
      SELECT one.* FROM unnest((SELECT $2::text[])) AS shown(id) CROSS JOIN LATERAL (
        SELECT * FROM secret WHERE id = shown.id AND "fabricId" = $1 AND "deletedAt" IS NULL LIMIT 1) one
    ), failing AS MATERIALIZED (
      SELECT cs."secretId", count(DISTINCT c.id)::int AS failing
      FROM ${bound(failingConnections(), bind)} JOIN connection_secret cs ON cs."connectionId" = c.id
      WHERE f."fabricId" = $1 AND cs."secretId" IN (SELECT id FROM s) GROUP BY 1
    ), administered AS MATERIALIZED (
      SELECT p."administratorId", count(*)::int AS rotations FROM password_rotation p
      WHERE p."administratorId" = ANY(ARRAY(SELECT id FROM s))
        AND (SELECT o."deletedAt" IS NULL FROM secret o WHERE o.id = p."secretId") GROUP BY 1
    ), used AS MATERIALIZED (
      SELECT cs."secretId", count(DISTINCT cs."connectionId")::int AS connections FROM connection_secret cs
      WHERE cs."secretId" = ANY(ARRAY(SELECT id FROM s)) GROUP BY 1
    ), person AS MATERIALIZED (
      SELECT one.* FROM (SELECT DISTINCT coalesce("ownerId", "createdById") AS id FROM s) shown CROSS JOIN LATERAL (
        SELECT * FROM ${teamMembers} m WHERE m.id = shown.id
          AND m."teamId" = (SELECT "teamId" FROM fabric WHERE id = $1) LIMIT 1) one)
    SELECT s.id, s.name, s."subKind", s.description, s."createdAt", s."createdById", s."createdByName",
      s."updatedAt", s."updatedByName", v.version, v.facts AS metadata,
      EXISTS (${bound(openCandidate(Prisma.sql`s.id`), bind)}) AS "hasNewValue",
      coalesce(used.connections, 0) AS "usedBy", coalesce(administered.rotations, 0) AS "usedByRotations",
      own.failures IS NOT NULL AS "isRotated", coalesce(own.failures > 0, false) AS "rotationFails",
      coalesce(failing.failing, 0) AS failing, r.pipelines, r."lastReadAt",
      s."expiresAt", s."expirySource", o.id AS "ownerId", o.name AS "ownerName", o.email AS "ownerEmail",
      greatest(CASE WHEN u."isUsed" THEN u."idleSince" END, r."lastReadAt") AS "lastUsedAt"
    FROM s CROSS JOIN LATERAL
      (SELECT version, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v
    ${pipelinesOfSecret} LEFT JOIN person o ON ${isOwner("o", "s")}
    LEFT JOIN LATERAL (SELECT "isUsed", "idleSince" FROM secret_use WHERE "secretId" = s.id LIMIT 1) u ON true
    LEFT JOIN LATERAL (SELECT failures FROM password_rotation WHERE "secretId" = s.id LIMIT 1) own ON true
    LEFT JOIN administered ON administered."administratorId" = s.id LEFT JOIN failing ON failing."secretId" = s.id
    LEFT JOIN used ON used."secretId" = s.id`;
  const rows = await preparedQuery<Row>(text)(...values);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
