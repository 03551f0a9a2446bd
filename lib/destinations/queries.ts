import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, Prisma } from "@/lib/db";
import {
  type DestinationRule,
  defaultDestinationRule,
  destinationRuleSchema,
  type WaitingRequests,
} from "@/lib/destinations/schema";

const shown = 20;

/** Who may send the secrets of this fabric somewhere new. */
export async function getDestinationRule({
  fabricId,
}: Pick<Scope<"fabric:see">, "fabricId">): Promise<DestinationRule> {
  const row = await db.destinationRule.findUnique({ where: { fabricId }, select: { rule: true } });
  return destinationRuleSchema.catch(defaultDestinationRule).parse(row?.rule ?? defaultDestinationRule);
}

/** What waits for an Admin, oldest first: of one secret, or of the whole fabric. A replaced value is asked for anew. */
export async function listWaitingRequests(
  { fabricId }: Scope<"secret:list">,
  secretId?: string,
): Promise<WaitingRequests> {
  const ofSecret = secretId === undefined ? Prisma.empty : Prisma.sql`AND r."secretId" = ${secretId}`;
  const waiting = await db.$queryRaw<{ id: string }[]>`
    SELECT r.id FROM destination_request r JOIN secret s ON s.id = r."secretId"
    WHERE r."fabricId" = ${fabricId} AND r.decision IS NULL AND s."deletedAt" IS NULL ${ofSecret}
      AND r.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = r."secretId")
    ORDER BY r."askedAt", r.id`;
  const rows = await db.destinationRequest.findMany({
    where: { fabricId, id: { in: waiting.slice(0, shown).map(({ id }) => id) } },
    orderBy: [{ askedAt: "asc" }, { id: "asc" }],
    select: {
      id: true,
      destinations: true,
      connectionName: true,
      reason: true,
      askedAt: true,
      askedByName: true,
      secret: { select: { id: true, name: true } },
    },
  });
  return { requests: rows, total: waiting.length };
}
