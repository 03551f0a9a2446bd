import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import type { IssuerSummary } from "@/lib/issuers/schema";
import { limitsOf } from "@/lib/tokens/queries";

/** The issuers whose workloads may read the secrets of a fabric. */
export async function listIssuers(scope: Scope<"token:list">): Promise<IssuerSummary[]> {
  const rows = await db.trustedIssuer.findMany({
    where: { fabricId: scope.fabricId },
    orderBy: { id: "asc" },
    select: {
      id: true,
      name: true,
      issuer: true,
      audience: true,
      subject: true,
      secretIds: true,
      connectionIds: true,
      pins: true,
      cidrs: true,
      createdAt: true,
      createdByName: true,
    },
  });
  const wordsOf = await limitsOf(scope, rows);
  return rows.map(({ secretIds, connectionIds, pins, cidrs, ...row }) => ({
    ...row,
    limits: wordsOf({ secretIds, connectionIds, pins, cidrs }),
  }));
}
