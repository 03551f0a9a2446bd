import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import { type TokenSummary, tokenStatus } from "@/lib/tokens/schema";

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
  const tokens = rows.map((row): TokenSummary => ({ ...row, status: tokenStatus(row, now) }));
  return [
    ...tokens.filter(({ status }) => status === "active"),
    ...tokens.filter(({ status }) => status !== "active"),
  ];
}
