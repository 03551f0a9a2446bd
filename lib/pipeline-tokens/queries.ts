import "server-only";
import { activeToken } from "@/lib/access/active-token";
import type { ConnectionPins } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import { nestedMark } from "@/lib/connectors/nested-reference";
import { db, Prisma } from "@/lib/db/client";
import { ownerOf } from "@/lib/expiry/owner";
import type { Owner } from "@/lib/expiry/schema";
import type { TokenLimits } from "@/lib/internal-api/bodies/pipeline-token";
import {
  type ConnectionChange,
  type LimitInput,
  type LimitSummary,
  linesOf,
  type PipelineTokenSummary,
  tokenStatus,
} from "@/lib/pipeline-tokens/schema";
import { fail, ok, type Result } from "@/lib/result";

/**
 * The newest working pipeline tokens of a fabric, then the newest others. Two separate limits: an attacker
 * could otherwise hide a working token behind many revoked ones.
 */
export async function listTokens(scope: Scope<"token:list">): Promise<PipelineTokenSummary[]> {
  const { fabricId } = scope;
  const now = new Date();
  const works = activeToken(now);
  const newest = (where: Prisma.PipelineTokenWhereInput, take: number) =>
    db.pipelineToken.findMany({
      where: { fabricId, ...where },
      orderBy: { id: "desc" },
      take,
      select: columns,
    });
  const [working, ended] = await Promise.all([newest(works, 500), newest({ NOT: works }, 200)]);
  const rows = [...working, ...ended];
  const summaryOf = await limitsOf(scope, rows);
  const owners = await ownersOf(
    scope,
    rows.map(({ id }) => id),
  );
  return rows.map(
    ({ secretIds, connectionIds, pins, cidrs, ...row }): PipelineTokenSummary => ({
      ...row,
      owner: owners.get(row.id) ?? null,
      status: tokenStatus(row, now),
      limits: summaryOf({ secretIds, connectionIds, pins, cidrs }),
    }),
  );
}

/** The members who own these tokens, by the ids of the tokens. */
async function ownersOf(
  { fabricId }: Scope<"token:list">,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Owner>> {
  const rows = await db.$queryRaw<(Owner & { tokenId: string })[]>`
    SELECT p.id AS "tokenId", o.* FROM pipeline_token p JOIN fabric f ON f.id = p."fabricId"
    CROSS JOIN LATERAL (${Prisma.raw(ownerOf("p"))}) o
    WHERE p."fabricId" = ${fabricId} AND p.id = ANY(${[...ids]}::text[])`;
  return new Map(rows.map(({ tokenId, ...owner }) => [tokenId, owner]));
}

const columns = {
  id: true,
  name: true,
  createdAt: true,
  createdByName: true,
  expiresAt: true,
  lastUsedAt: true,
  revokedAt: true,
  secretIds: true,
  connectionIds: true,
  pins: true,
  cidrs: true,
} as const;

/**
 * The names of tokens and issuers that cannot receive this connection until an Admin confirms its current
 * secrets.
 */
export async function listUnconfirmed(scope: Scope<"token:list">, connectionId: string): Promise<string[]> {
  const { fabricId } = scope;
  const select = { name: true, secretIds: true, connectionIds: true, pins: true, cidrs: true };
  const isLimited = { fabricId, connectionIds: { has: connectionId } };
  const [tokens, issuers] = await Promise.all([
    db.pipelineToken.findMany({ where: { ...isLimited, ...activeToken() }, take: 200, select }),
    db.trustedIssuer.findMany({ where: isLimited, take: 200, select }),
  ]);
  const rows = [...tokens, ...issuers];
  const summaryOf = await limitsOf(scope, rows);
  const waiting = rows.filter((row) =>
    summaryOf(row).changes.some((one) => one.connectionId === connectionId),
  );
  return [...new Set(waiting.map(({ name }) => name))].sort();
}

/** A row's limits. */
type LimitRow = TokenLimits & { pins: Prisma.JsonValue };

/** Returns a function that describes these rows' limits by name, for people. */
export async function limitsOf(
  { fabricId }: Scope<"token:list">,
  rows: readonly LimitRow[],
): Promise<(limits: LimitRow) => LimitSummary> {
  const connectionIds = rows.flatMap((row) => row.connectionIds);
  const [connections, references] = await Promise.all([
    db.connection.findMany({
      where: { fabricId, id: { in: connectionIds } },
      select: { id: true, name: true },
    }),
    db.connectionSecret.findMany({
      // Automate does not pin what is never sent.
      where: { fabricId, connectionId: { in: connectionIds }, field: { not: { contains: nestedMark } } },
      select: { connectionId: true, secretId: true },
      orderBy: { field: "asc" },
    }),
  ]);
  const pinnedIds = rows.flatMap(({ pins }) => Object.values(pins as ConnectionPins).flat());
  const referencedIds = references.map(({ secretId }) => secretId);
  const secrets = await db.secret.findMany({
    where: {
      fabricId,
      id: { in: [...rows.flatMap((row) => row.secretIds), ...pinnedIds, ...referencedIds] },
    },
    select: { id: true, name: true, deletedAt: true },
  });
  const nameOf = namesIn([...connections, ...secrets.filter(({ deletedAt }) => deletedAt === null)]);
  // Names of deleted secrets are included: a connection may have referenced one before.
  const formerNameOf = namesIn(secrets);
  const changeOf = (connectionId: string, pins: ConnectionPins): ConnectionChange | [] => {
    const referenced = references
      .filter((row) => row.connectionId === connectionId)
      .map((row) => row.secretId);
    const secretIds = [...new Set(referenced)];
    const pinned = pins[connectionId] ?? [];
    const added = secretIds.filter((id) => !pinned.includes(id)).map(nameOf);
    const removed = pinned.filter((id) => !secretIds.includes(id)).map(formerNameOf);
    return added.length === 0
      ? []
      : { connectionId, secretIds, connection: nameOf(connectionId), added, removed };
  };
  return ({ secretIds, connectionIds, pins, cidrs }) => ({
    secrets: secretIds.map(nameOf),
    connections: connectionIds.map(nameOf),
    pinned: [...new Set(connectionIds.flatMap((id) => (pins as ConnectionPins)[id] ?? []))].map(formerNameOf),
    cidrs,
    isLimited: secretIds.length + connectionIds.length + cidrs.length > 0,
    changes: connectionIds.flatMap((id) => changeOf(id, pins as ConnectionPins)),
  });
}

function namesIn(rows: readonly { id: string; name: string }[]): (id: string) => string {
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? "(deleted)";
}

/** Resolves the limits of a form to ids. Fails with the field that contains an unknown name. */
export async function findLimits(
  scope: Scope<"token:write">,
  { onlySecrets, onlyConnections, onlyFrom }: LimitInput,
): Promise<Result<TokenLimits, "invalid">> {
  const secrets = await findIds(linesOf(onlySecrets), (nameKeys) => secretsNamed(scope, nameKeys));
  if ("missing" in secrets) return fail("invalid", { onlySecrets: `Secret “${secrets.missing}” not found.` });
  const connections = await findIds(linesOf(onlyConnections), (nameKeys) =>
    connectionsNamed(scope, nameKeys),
  );
  if ("missing" in connections)
    return fail("invalid", { onlyConnections: `Connection “${connections.missing}” not found.` });
  return ok({ secretIds: secrets.ids, connectionIds: connections.ids, cidrs: linesOf(onlyFrom) });
}

type Named = { id: string; nameKey: string };

/** Returns the distinct ids of these names, or the first unknown name. */
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
