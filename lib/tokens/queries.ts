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
      secretIds: true,
      connectionIds: true,
      cidrs: true,
    },
  });
  const nameOf = await namesOf(scope, rows);
  const now = new Date();
  const tokens = rows.map(({ secretIds, connectionIds, cidrs, ...row }): TokenSummary => {
    const [secrets, connections] = [secretIds.map(nameOf), connectionIds.map(nameOf)];
    const isLimited = secrets.length + connections.length + cidrs.length > 0;
    return {
      ...row,
      status: tokenStatus(row, now),
      limits: { secrets, connections, cidrs, isLimited },
    };
  });
  return [
    ...tokens.filter(({ status }) => status === "active"),
    ...tokens.filter(({ status }) => status !== "active"),
  ];
}

/** The names of what tokens are limited to. */
async function namesOf(
  { fabricId }: Scope<"token:list">,
  rows: readonly { secretIds: string[]; connectionIds: string[] }[],
): Promise<(id: string) => string> {
  const select = { id: true, name: true };
  const [secrets, connections] = await Promise.all([
    db.secret.findMany({
      where: { fabricId, id: { in: rows.flatMap(({ secretIds }) => secretIds) }, deletedAt: null },
      select,
    }),
    db.connection.findMany({
      where: { fabricId, id: { in: rows.flatMap(({ connectionIds }) => connectionIds) } },
      select,
    }),
  ]);
  const names = new Map([...secrets, ...connections].map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? "(deleted)";
}
