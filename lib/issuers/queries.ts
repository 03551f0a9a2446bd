import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import type { IssuerSummary } from "@/lib/issuers/schema";

/** The issuers whose workloads may read the secrets of a fabric. */
export function listIssuers({ fabricId }: Scope<"token:list">): Promise<IssuerSummary[]> {
  return db.trustedIssuer.findMany({
    where: { fabricId },
    orderBy: { id: "asc" },
    select: {
      id: true,
      name: true,
      issuer: true,
      audience: true,
      subject: true,
      createdAt: true,
      createdByName: true,
    },
  });
}
