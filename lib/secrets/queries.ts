import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, literal, type Prisma } from "@/lib/db";
import { NotFound } from "@/lib/result";
import { cursorOf, keyset } from "@/lib/secrets/keyset";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";
import type {
  SecretDetail,
  SecretFacts,
  SecretListQuery,
  SecretOption,
  SecretPage,
  SecretSummary,
} from "@/lib/secrets/schema";

const pageSize = 50;

const summaryColumns = {
  id: true,
  name: true,
  nameKey: true,
  subKind: true,
  description: true,
  createdAt: true,
  createdById: true,
  createdByName: true,
  updatedAt: true,
  updatedByName: true,
} as const;
type Row = Prisma.SecretGetPayload<{ select: typeof summaryColumns }>;

/** One page of a fabric's secrets. */
export async function listSecrets(
  scope: Scope<"secret:list">,
  query: SecretListQuery,
  limit = pageSize,
): Promise<SecretPage> {
  const { orderBy, where, isBackward } = keyset(query);
  const inFabric = { fabricId: scope.fabricId, deletedAt: null };
  const rows = await db.secret.findMany({
    where: { AND: [inFabric, matches(query), where] },
    orderBy,
    take: limit + 1,
    select: summaryColumns,
  });
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const isPaged = query.after !== undefined || isBackward;
  const hasNext = isBackward ? true : hasMore;
  const hasPrevious = isBackward ? hasMore : isPaged;
  const first = page.at(0);
  const last = page.at(-1);
  return {
    secrets: await summaries(page),
    next: hasNext && last ? cursorOf(query.sort, last) : null,
    previous: hasPrevious && first ? cursorOf(query.sort, first) : null,
    isFabricEmpty:
      rows.length === 0 && (await db.secret.findFirst({ where: inFabric, select: { id: true } })) === null,
  };
}

/** Everything about one secret but its value. Throws `NotFound` for one of another fabric. */
export async function getSecret(scope: Scope<"secret:list">, secretId: string): Promise<SecretDetail> {
  const row = await db.secret.findFirst({
    where: { id: secretId, fabricId: scope.fabricId, deletedAt: null },
    select: {
      ...summaryColumns,
      versions: {
        orderBy: { version: "desc" },
        select: { version: true, createdAt: true, createdByName: true, manifest: true },
      },
      names: {
        where: { retiredAt: { not: null } },
        select: { name: true, retiredAt: true },
        orderBy: { retiredAt: "desc" },
      },
      usedBy: { select: { connection: { select: { id: true, name: true, kind: true } } } },
    },
  });
  const [summary] = row ? await summaries([row]) : [];
  const current = row?.versions[0];
  if (!row || !summary || !current) throw new NotFound("There is no such secret.");
  const destinations = await db.allowedDestination.findMany({
    where: { secretId, version: current.version },
    orderBy: { createdAt: "asc" },
    select: { id: true, destination: true, createdAt: true, createdByName: true },
  });
  const setAt = new Map(row.versions.map(({ version, createdAt }) => [version, createdAt]));
  const connections = new Map(row.usedBy.map(({ connection }) => [connection.id, connection]));
  return {
    ...summary,
    fields: Object.entries(manifestOf(current.manifest)).map(([field, version]) => ({
      field,
      version,
      setAt: setAt.get(version) ?? null,
    })),
    versions: row.versions.map(({ version, createdAt, createdByName }) => ({
      version,
      createdAt,
      createdByName,
    })),
    formerNames: row.names.map(({ name, retiredAt }) => ({ name, retiredAt: retiredAt ?? row.updatedAt })),
    connections: [...connections.values()].sort((a, b) => a.name.localeCompare(b.name)),
    destinations,
    isCreator: row.createdById === scope.actor.id,
  };
}

/** One page of the picker: secrets of the given types whose name holds `search`, or exactly those of `ids`. */
export async function listSecretOptions(
  scope: Scope<"secret:list">,
  query: {
    search: string;
    subKinds: readonly SubKind[];
    after?: string | undefined;
    ids?: readonly string[] | undefined;
  },
): Promise<{ options: SecretOption[]; next: string | null; inFabric: number; ofKind: number }> {
  const inFabric = { fabricId: scope.fabricId, deletedAt: null };
  const ofKind = { ...inFabric, subKind: { in: [...query.subKinds] } };
  const list: SecretListQuery = { search: query.search, sort: "name", order: "asc", after: query.after };
  const rows = await db.secret.findMany({
    where: query.ids
      ? { ...inFabric, id: { in: [...query.ids] } }
      : { AND: [ofKind, matches(list), keyset(list).where] },
    orderBy: [{ nameKey: "asc" }, { id: "asc" }],
    take: pageSize + 1,
    select: summaryColumns,
  });
  const page = rows.slice(0, pageSize);
  const last = page.at(-1);
  return {
    options: page.map((row) => ({
      id: row.id,
      name: row.name,
      subKind: subKindOf(row),
      updatedAt: row.updatedAt.toISOString(),
      updatedByName: row.updatedByName,
    })),
    next: rows.length > pageSize && last ? cursorOf("name", last) : null,
    inFabric: await db.secret.count({ where: inFabric }),
    ofKind: await db.secret.count({ where: ofKind }),
  };
}

/** Pipelines that read this secret by its current name in the last 30 days, as their tokens are named. */
export async function listRecentReaders(
  scope: Scope<"secret:list">,
  secretId: string,
): Promise<{ name: string; lastReadAt: Date }[]> {
  // The newest reads only: a busy pipeline leaves millions of them.
  return db.$queryRaw`
    SELECT "actorName" AS name, max(at) AS "lastReadAt" FROM (
      SELECT "actorName", "actorId", at FROM audit_event
      WHERE "fabricId" = ${scope.fabricId} AND "objectId" = ${secretId} AND action IN ('secret.use', 'secret.unchanged')
        AND "actorKind" = 'pipeline' AND at > now() - interval '30 days'
        AND lower(details->>'name') = (SELECT "nameKey" FROM secret WHERE id = ${secretId} AND "fabricId" = ${scope.fabricId})
      ORDER BY id DESC LIMIT 10000
    ) AS reads GROUP BY "actorName", "actorId" ORDER BY 2 DESC LIMIT 20`;
}

function matches({ search, type }: Pick<SecretListQuery, "search" | "type">): Prisma.SecretWhereInput {
  return {
    ...(type ? { subKind: type } : {}),
    ...(search
      ? {
          OR: [
            { nameKey: { contains: literal(search.toLowerCase()) } },
            { description: { contains: literal(search), mode: "insensitive" } },
          ],
        }
      : {}),
  };
}

async function summaries(rows: Row[]): Promise<SecretSummary[]> {
  const ids = rows.map(({ id }) => id);
  const [uses, versions] = await Promise.all([
    db.connectionSecret.findMany({
      where: { secretId: { in: ids } },
      distinct: ["secretId", "connectionId"],
      select: { secretId: true, connectionId: true },
    }),
    db.secretVersion.findMany({
      where: { secretId: { in: ids } },
      orderBy: [{ secretId: "asc" }, { version: "desc" }],
      distinct: ["secretId"],
      select: { secretId: true, version: true, facts: true },
    }),
  ]);
  const current = new Map(versions.map((version) => [version.secretId, version]));
  const usedBy = new Map<string, number>();
  for (const { secretId } of uses) usedBy.set(secretId, (usedBy.get(secretId) ?? 0) + 1);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    subKind: subKindOf(row),
    description: row.description,
    version: current.get(row.id)?.version ?? 0,
    usedBy: usedBy.get(row.id) ?? 0,
    // Written by `createSecret` and `replaceSecret` alone, in this shape.
    facts: (current.get(row.id)?.facts ?? {}) as SecretFacts,
    createdAt: row.createdAt,
    createdByName: row.createdByName,
    updatedAt: row.updatedAt,
    updatedByName: row.updatedByName,
  }));
}

function subKindOf({ subKind, id }: { subKind: string; id: string }): SubKind {
  if (!isSubKind(subKind)) throw new Error(`Secret ${id} has an unknown type.`);
  return subKind;
}

/** Field → version in which it was last set. */
export function manifestOf(json: Prisma.JsonValue): Record<string, number> {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as Record<string, number>)
    : {};
}
