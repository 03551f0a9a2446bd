import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import { fail, ok, type Result } from "@/lib/result";
import {
  type LimitInput,
  type LimitSummary,
  linesOf,
  type TokenLimits,
  type TokenSummary,
  tokenStatus,
} from "@/lib/tokens/schema";

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
  const wordsOf = await limitsOf(scope, rows);
  const now = new Date();
  const tokens = rows.map(
    ({ secretIds, connectionIds, cidrs, ...row }): TokenSummary => ({
      ...row,
      status: tokenStatus(row, now),
      limits: wordsOf({ secretIds, connectionIds, cidrs }),
    }),
  );
  return [
    ...tokens.filter(({ status }) => status === "active"),
    ...tokens.filter(({ status }) => status !== "active"),
  ];
}

/** How these limits are told to people, by the names of what they are about. */
export async function limitsOf(
  { fabricId }: Scope<"token:list">,
  rows: readonly TokenLimits[],
): Promise<(limits: TokenLimits) => LimitSummary> {
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
  const nameOf = (id: string) => names.get(id) ?? "(deleted)";
  return ({ secretIds, connectionIds, cidrs }) => ({
    secrets: secretIds.map(nameOf),
    connections: connectionIds.map(nameOf),
    cidrs,
    isLimited: secretIds.length + connectionIds.length + cidrs.length > 0,
  });
}

/** The limits that a form names, or the field that names what is not there. */
export async function findLimits(
  scope: Scope<"token:write">,
  { onlySecrets, onlyConnections, onlyFrom }: LimitInput,
): Promise<Result<TokenLimits, "invalid">> {
  const secrets = await findIds(linesOf(onlySecrets), (nameKeys) => secretsNamed(scope, nameKeys));
  if ("missing" in secrets)
    return fail("invalid", { onlySecrets: `There is no secret “${secrets.missing}”.` });
  const connections = await findIds(linesOf(onlyConnections), (nameKeys) =>
    connectionsNamed(scope, nameKeys),
  );
  if ("missing" in connections)
    return fail("invalid", { onlyConnections: `There is no connection “${connections.missing}”.` });
  return ok({ secretIds: secrets.ids, connectionIds: connections.ids, cidrs: linesOf(onlyFrom) });
}

type Named = { id: string; nameKey: string };

/** The ids of these names, each once, or the first name that nothing has. */
async function findIds(
  names: readonly string[],
  find: (nameKeys: string[]) => Promise<Named[]>,
): Promise<{ ids: string[] } | { missing: string }> {
  const nameKeys = names.map((name) => name.toLowerCase());
  const byKey = new Map((await find(nameKeys)).map(({ id, nameKey }) => [nameKey, id]));
  const missing = names.find((name) => !byKey.has(name.toLowerCase()));
  return missing === undefined ? { ids: [...new Set(byKey.values())] } : { missing };
}

async function secretsNamed({ fabricId }: Scope<"token:write">, nameKeys: string[]): Promise<Named[]> {
  const rows = await db.secretName.findMany({
    where: { fabricId, nameKey: { in: nameKeys }, secret: { deletedAt: null } },
    select: { nameKey: true, secretId: true },
  });
  return rows.map(({ nameKey, secretId }) => ({ nameKey, id: secretId }));
}

function connectionsNamed({ fabricId }: Scope<"token:write">, nameKeys: string[]): Promise<Named[]> {
  return db.connection.findMany({
    where: { fabricId, nameKey: { in: nameKeys } },
    select: { id: true, nameKey: true },
  });
}
