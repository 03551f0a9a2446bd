import "server-only";
import type { Actor } from "@/lib/actor";
import { db, Prisma } from "@/lib/db/client";
import { ownerOf } from "@/lib/expiry/owner";
import { expiringDays, expiryOf } from "@/lib/expiry/schema";
import type { OwnExpiring } from "@/lib/reminders/schema";

/** The most things that the page lists. */
const maxListed = 100;

type Row = Omit<OwnExpiring, "expiry"> & { expiresAt: Date; expirySource: string };

/**
 * The secrets and working pipeline tokens of all fabrics that expire within 30 days, or have expired, and about which
 * the person is reminded: as their owner, or as an Admin where nobody owns them. Soonest first.
 */
export async function listOwnExpiring({ id }: Actor): Promise<OwnExpiring[]> {
  const expiring = (row: string) => Prisma.sql`
    JOIN fabric f ON f.id = ${Prisma.raw(row)}."fabricId"
    JOIN membership me ON me."teamId" = f."teamId" AND me."userId" = ${id}
    LEFT JOIN LATERAL (${Prisma.raw(ownerOf(row))}) o ON true
    WHERE NOT EXISTS (SELECT FROM fabric_deletion d WHERE d."fabricId" = f.id)
      AND ${Prisma.raw(row)}."expiresAt" < now() + make_interval(days => ${expiringDays}::int)
      AND (o.id = ${id} OR (o.id IS NULL AND me.role = 'admin'))`;
  const rows = await db.$queryRaw<Row[]>`
    SELECT * FROM (
      (SELECT 'secret' AS kind, s.id, s.name, f.id AS "fabricId", f.name AS "fabricName", s."expiresAt", s."expirySource"
       FROM secret s ${expiring("s")} AND s."deletedAt" IS NULL ORDER BY s."expiresAt" LIMIT ${maxListed}::int)
      UNION ALL
      (SELECT 'token' AS kind, p.id, p.name, f.id, f.name, p."expiresAt", 'key'
       FROM pipeline_token p ${expiring("p")} AND p."revokedAt" IS NULL AND p."expiresAt" > now() - interval '30 days'
       ORDER BY p."expiresAt" LIMIT ${maxListed}::int)
    ) one ORDER BY "expiresAt", id LIMIT ${maxListed}::int`;
  return rows.flatMap(({ expiresAt, expirySource, ...row }) => {
    const expiry = expiryOf(expiresAt, expirySource);
    return expiry ? [{ ...row, expiry }] : [];
  });
}
