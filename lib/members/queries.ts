import "server-only";
import type { TeamScope } from "@/lib/access/scope";
import { db, Prisma } from "@/lib/db/client";
import { type CreatedThings, type MemberDetail, maxShownThings } from "@/lib/members/schema";
import { NotFound } from "@/lib/result";

/**
 * A member of a team, with what they created in its fabrics and what their connections use. Things in deleted
 * fabrics are counted, not named; things in fabrics of other teams are not counted. Throws `NotFound` for a person
 * who is not a member.
 */
export async function getMember({ teamId }: TeamScope<"team:see">, userId: string): Promise<MemberDetail> {
  if (userId.includes("\0")) throw new NotFound("Member not found.");
  const member = await db.membership.findUnique({
    where: { teamId_userId: { teamId, userId } },
    select: { role: true, createdAt: true, user: { select: { name: true, email: true } } },
  });
  if (!member) throw new NotFound("Member not found.");
  const things = (rows: Prisma.Sql) => listThings(teamId, rows);
  const [secrets, connections, pipelineTokens, usedSecrets, fabrics] = await Promise.all([
    things(Prisma.sql`
      SELECT s.id, s.name, s."fabricId", s."createdAt", CASE WHEN u."isUsed" THEN u."idleSince" END AS "lastUsedAt"
      FROM secret s LEFT JOIN secret_use u ON u."secretId" = s.id
      WHERE s."createdById" = ${userId} AND s."fabricId" IN (SELECT id FROM fabric WHERE "teamId" = ${teamId}) AND s."deletedAt" IS NULL`),
    things(Prisma.sql`
      SELECT c.id, c.name, c."fabricId", c."createdAt", NULL::timestamptz AS "lastUsedAt" FROM connection c
      WHERE c."createdById" = ${userId} AND c."fabricId" IN (SELECT id FROM fabric WHERE "teamId" = ${teamId})`),
    things(Prisma.sql`
      SELECT t.id, t.name, t."fabricId", t."createdAt", t."lastUsedAt" FROM pipeline_token t
      WHERE t."fabricId" IN (SELECT id FROM fabric WHERE "teamId" = ${teamId}) AND t."createdById" = ${userId} AND t."revokedAt" IS NULL`),
    things(Prisma.sql`
      SELECT DISTINCT s.id, s.name, s."fabricId", s."createdAt", CASE WHEN u."isUsed" THEN u."idleSince" END AS "lastUsedAt"
      FROM connection c JOIN connection_secret cs ON cs."connectionId" = c.id JOIN secret s ON s.id = cs."secretId"
      LEFT JOIN secret_use u ON u."secretId" = s.id
      WHERE c."createdById" = ${userId} AND c."fabricId" IN (SELECT id FROM fabric WHERE "teamId" = ${teamId}) AND s."deletedAt" IS NULL`),
    db.$queryRaw<{ id: string; name: string }[]>`
      SELECT f.id, f.name FROM fabric f
      WHERE f."teamId" = ${teamId} AND NOT EXISTS (SELECT FROM fabric_deletion d WHERE d."fabricId" = f.id)
      ORDER BY f."nameKey" LIMIT 100`,
  ]);
  const { user, role, createdAt: since } = member;
  return { userId, ...user, role, since, secrets, connections, pipelineTokens, usedSecrets, fabrics };
}

type ThingRow = CreatedThings["newest"][number] & { count: number; inDeletedFabrics: number; n: number };

/** The newest of these rows, with the names of their fabrics. */
async function listThings(teamId: string, things: Prisma.Sql): Promise<CreatedThings> {
  const rows = await db.$queryRaw<(Omit<ThingRow, "id"> & { id: string | null })[]>`
    WITH thing AS (
      SELECT t.*, f.name AS "fabricName", d."fabricId" IS NOT NULL AS "isFabricDeleted"
      FROM (${things}) t JOIN fabric f ON f.id = t."fabricId" AND f."teamId" = ${teamId}
      LEFT JOIN fabric_deletion d ON d."fabricId" = f.id
    ), counted AS (
      SELECT (count(*) FILTER (WHERE NOT "isFabricDeleted"))::int AS count,
        (count(*) FILTER (WHERE "isFabricDeleted"))::int AS "inDeletedFabrics" FROM thing
    )
    SELECT counted.*, newest.* FROM counted LEFT JOIN (
      SELECT id, name, "fabricId", "fabricName", "createdAt", "lastUsedAt" FROM thing
      WHERE NOT "isFabricDeleted" ORDER BY "createdAt" DESC, id LIMIT ${maxShownThings}
    ) newest ON true
    ORDER BY newest."createdAt" DESC, newest.id`;
  const { count = 0, inDeletedFabrics = 0 } = rows[0] ?? {};
  const newest = rows.flatMap(({ id, name, fabricId, fabricName, createdAt, lastUsedAt }) =>
    id === null ? [] : [{ id, name, fabricId, fabricName, createdAt, lastUsedAt }],
  );
  return { newest, count, inDeletedFabrics };
}
