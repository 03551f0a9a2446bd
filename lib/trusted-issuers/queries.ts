import "server-only";
import type { Scope } from "@/lib/access/scope";
import { matchesSubject } from "@/lib/access/subject-pattern";
import { idOrder } from "@/lib/audit/find-events";
import { db } from "@/lib/db/client";
import { limitsOf } from "@/lib/pipeline-tokens/queries";
import type { TrustedIssuerSummary } from "@/lib/trusted-issuers/schema";

/** The issuers whose workloads may read a fabric's secrets. */
export async function listIssuers(scope: Scope<"token:list">): Promise<TrustedIssuerSummary[]> {
  const rows = await db.trustedIssuer.findMany({
    where: { fabricId: scope.fabricId },
    orderBy: { id: "asc" },
    select: {
      id: true,
      name: true,
      issuer: true,
      audience: true,
      subject: true,
      spansParts: true,
      keys: true,
      secretIds: true,
      connectionIds: true,
      pins: true,
      cidrs: true,
      createdAt: true,
      createdByName: true,
    },
  });
  const summaryOf = await limitsOf(scope, rows);
  const workloads = await recentWorkloads(
    scope.fabricId,
    rows.flatMap(({ id, spansParts }) => (spansParts ? [id] : [])),
  );
  return rows.map(({ secretIds, connectionIds, pins, cidrs, keys, ...row }) => ({
    ...row,
    hasOwnKeys: keys !== null,
    spanned: (workloads.get(row.id) ?? [])
      .map((actorName) => actorName.slice(`${row.name}: `.length))
      .filter((subject) => !matchesSubject(row.subject, subject)),
    limits: summaryOf({ secretIds, connectionIds, pins, cidrs }),
  }));
}

/** How many of the newest events are searched for workloads. */
const maxEvents = 5_000;

/** The recent workloads of these trusts, as the audit log names them: `name: subject`. */
async function recentWorkloads(
  fabricId: string,
  issuerIds: readonly string[],
): Promise<Map<string, string[]>> {
  const workloads = new Map<string, string[]>();
  if (issuerIds.length === 0) return workloads;
  const rows = await db.$queryRaw<{ actorId: string; actorName: string }[]>`
    SELECT DISTINCT "actorId", "actorName" FROM (
      SELECT "actorId", "actorName", action FROM audit_event e WHERE "fabricId" = ${fabricId} ORDER BY ${idOrder("e")} DESC LIMIT ${maxEvents}
    ) AS recent WHERE "actorId" = ANY(${[...issuerIds]}) AND action IN ('secret.use', 'secret.unchanged')
    ORDER BY "actorName" LIMIT 200`;
  for (const { actorId, actorName } of rows)
    workloads.set(actorId, [...(workloads.get(actorId) ?? []), actorName]);
  return workloads;
}
