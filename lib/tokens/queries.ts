import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import type { TokenSummary } from "@/lib/tokens/schema";

/** The newest 200 pipeline tokens of a fabric, those that work first. */
export async function listTokens(scope: Scope<"token:list">): Promise<TokenSummary[]> {
  const rows = await db.pipelineToken.findMany({
    where: { fabricId: scope.fabricId },
    orderBy: { id: "desc" },
    take: 200,
    select: {
      id: true,
      name: true,
      createdAt: true,
      createdByName: true,
      expiresAt: true,
      lastUsedAt: true,
      revokedAt: true,
    },
  });
  const now = new Date();
  const tokens = rows.map((row): TokenSummary => ({ ...row, status: statusOf(row, now) }));
  return [
    ...tokens.filter(({ status }) => status === "active"),
    ...tokens.filter(({ status }) => status !== "active"),
  ];
}

function statusOf(
  { expiresAt, revokedAt }: Pick<TokenSummary, "expiresAt" | "revokedAt">,
  now: Date,
): TokenSummary["status"] {
  if (revokedAt) return "revoked";
  return expiresAt && expiresAt <= now ? "expired" : "active";
}
