import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, type Prisma } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { isPostgresText } from "@/lib/db/text";
import { listAuthorityNames } from "@/lib/destinations/queries";
import { expiryOf } from "@/lib/expiry/schema";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";
import { cursorOf } from "@/lib/secrets/keyset";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";
import { readOrigins } from "@/lib/secrets/origins";
import { findPage, type PageQuery } from "@/lib/secrets/page";
import { listReaders, listReadsByDay } from "@/lib/secrets/readers";
import {
  longestHistory,
  type SecretDetail,
  type SecretListQuery,
  type SecretOption,
  type SecretPage,
  type SecretSummary,
} from "@/lib/secrets/schema";
import { type Row, readSummaries } from "@/lib/secrets/summaries";
import { listUsingConnections, listUsingRotations } from "@/lib/secrets/used-by";

const pageSize = 50;

/** One page of a fabric's secrets. */
export async function listSecrets(
  scope: Scope<"secret:list">,
  query: SecretListQuery,
  { limit = pageSize, isLater }: PageRequest = {},
): Promise<SecretPage> {
  const { page, hasMore, isBackward, rows } = await readPage(scope, { ...query, limit }, { isLater });
  const isPaged = query.after !== undefined || isBackward;
  const hasNext = isBackward ? true : hasMore;
  const hasPrevious = isBackward ? hasMore : isPaged;
  const first = page.at(0);
  const last = page.at(-1);
  return {
    secrets: rows.map(summaryOf),
    next: hasNext && last ? cursorOf(query.sort, last) : null,
    previous: hasPrevious && first ? cursorOf(query.sort, first) : null,
  };
}

/**
 * Reads a page in a slot. `page` has what cursors need, also of secrets that went away in between. If all of them did, it
 * is the next page.
 */
async function readPage(scope: Scope<"secret:list">, query: PageQuery, request?: PageRequest) {
  const { limit } = query;
  const read = async (from: Pick<PageQuery, "after" | "before">) => {
    const { found, isBackward } = await findPage(scope, { ...query, ...from, limit: limit + 1 });
    const page = found.slice(0, limit);
    if (isBackward) page.reverse();
    const rows = await readSummaries(
      scope.fabricId,
      page.map(({ id }) => id),
    );
    const hasMore = found.length > limit;
    const end = isBackward ? page.at(0) : page.at(-1);
    if (rows.length === 0 && hasMore && end)
      return read({ [isBackward ? "before" : "after"]: cursorOf(query.sort, end) });
    return { page, hasMore, isBackward, rows };
  };
  return inListSlot(scope.actor.id, () => read(query), request);
}

/** Whether the fabric has a secret that is not in the trash. */
export async function hasSecrets({ fabricId }: Scope<"secret:list">): Promise<boolean> {
  const found = await db.secret.findFirst({ where: { fabricId, deletedAt: null }, select: { id: true } });
  return found !== null;
}

/** The number of secrets in a fabric, and of those of some types. */
type SecretCounts = { inFabric: number; ofTypes: number };

const counts = preparedQuery<SecretCounts>(
  `SELECT count(*)::int AS "inFabric", (count(*) FILTER (WHERE "subKind" = ANY($2::text[])))::int AS "ofTypes"
   FROM secret WHERE "fabricId" = $1 AND "deletedAt" IS NULL`,
);

async function countSecrets({ fabricId }: Scope<"secret:list">, subKinds: readonly SubKind[]) {
  const [row] = await counts(fabricId, subKinds);
  return row ?? { inFabric: 0, ofTypes: 0 };
}

/** Returns all public data of one secret. Throws `NotFound` if it belongs to another fabric. */
export async function getSecret(scope: Scope<"secret:list">, secretId: string): Promise<SecretDetail> {
  const [summary] = isPostgresText(secretId) ? await readSummaries(scope.fabricId, [secretId]) : [];
  const row =
    summary &&
    (await db.secret.findFirst({
      where: { id: secretId, fabricId: scope.fabricId, deletedAt: null },
      select: {
        versions: {
          where: { version: { gt: 0 } },
          orderBy: { version: "desc" },
          take: longestHistory,
          select: { version: true, createdAt: true, createdByName: true, manifest: true },
        },
        names: {
          where: { retiredAt: { not: null } },
          select: { name: true, retiredAt: true },
          orderBy: { retiredAt: "desc" },
          take: longestHistory,
        },
      },
    }));
  const current = row?.versions[0];
  if (!summary || !row || !current) throw new NotFound("Secret not found.");
  const destinations = await db.allowedDestination.findMany({
    where: { secretId, version: current.version },
    orderBy: { createdAt: "asc" },
    select: { id: true, destination: true, createdAt: true, createdByName: true },
  });
  const manifest = manifestOf(current.manifest);
  const setBy = await db.secretVersion.findMany({
    where: { secretId, version: { in: Object.values(manifest) } },
    select: { version: true, createdAt: true },
  });
  const setAt = new Map(setBy.map(({ version, createdAt }) => [version, createdAt]));
  const origins = await readOrigins(secretId);
  return {
    ...summaryOf(summary),
    fields: Object.entries(manifest).map(([field, version]) => ({
      field,
      version: origins.numberOf(version),
      setAt: setAt.get(version) ?? null,
    })),
    versions: row.versions.map(({ version, createdAt, createdByName }) => ({
      version,
      createdAt,
      createdByName,
      madeCurrent: origins.madeCurrent(version),
    })),
    formerNames: row.names.map(({ name, retiredAt }) => ({
      name,
      retiredAt: retiredAt ?? summary.updatedAt,
    })),
    connections: await listUsingConnections(scope, secretId),
    rotations: await listUsingRotations(scope, secretId),
    readers: await listReaders(scope, secretId),
    readsByDay: await listReadsByDay(scope, secretId),
    destinations,
    authorities: await listAuthorityNames(
      scope,
      destinations.map(({ destination }) => destination),
    ),
    isCreator: summary.createdById === scope.actor.id,
  };
}

/**
 * One page of the picker: secrets of the given types whose name contains `search`, or exactly those in `ids`. The first
 * page of a search has the counts, for a picker that offers nothing.
 */
export async function listSecretOptions(
  scope: Scope<"secret:list">,
  query: {
    search: string;
    subKinds: readonly SubKind[];
    after?: string | undefined;
    ids?: readonly string[] | undefined;
  },
): Promise<{ options: SecretOption[]; next: string | null; counts?: SecretCounts }> {
  const { subKinds, ids, search, after } = query;
  const list = {
    search: ids ? "" : search,
    sort: "name",
    order: "asc",
    after: ids ? undefined : after,
  } as const;
  const { page, hasMore, rows } = await readPage(scope, {
    ...list,
    ids,
    subKinds: ids ? undefined : subKinds,
    limit: pageSize,
  });
  const last = page.at(-1);
  return {
    options: rows.map((row) => ({
      id: row.id,
      name: row.name,
      subKind: subKindOf(row),
      usedBy: row.usedBy,
      usedByRotations: row.usedByRotations,
      pipelines: row.pipelines,
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
      updatedAt: row.updatedAt.toISOString(),
      updatedByName: row.updatedByName,
    })),
    next: hasMore && last ? cursorOf("name", last) : null,
    ...(ids || after ? {} : { counts: await countSecrets(scope, subKinds) }),
  };
}

function summaryOf(row: Row): SecretSummary {
  const {
    id,
    name,
    description,
    version,
    usedBy,
    usedByRotations,
    failing,
    isRotated,
    rotationFails,
    hasNewValue,
    pipelines,
    lastReadAt,
    lastUsedAt,
    metadata,
    expiresAt,
    expirySource,
    ownerId,
    ownerName,
    ownerEmail,
    createdAt,
    createdByName,
    updatedAt,
    updatedByName,
  } = row;
  const times = { createdAt, createdByName, updatedAt, updatedByName };
  return {
    id,
    name,
    subKind: subKindOf(row),
    description,
    version,
    usedBy,
    usedByRotations,
    failing,
    isRotated,
    rotationFails,
    hasNewValue,
    pipelines,
    lastReadAt,
    lastUsedAt,
    metadata,
    expiry: expiryOf(expiresAt, expirySource),
    owner: ownerId === null ? null : { id: ownerId, name: ownerName, email: ownerEmail },
    ...times,
  };
}

function subKindOf({ subKind, id }: { subKind: string; id: string }): SubKind {
  if (!isSubKind(subKind)) throw new Error(`Secret ${id} has an unknown type.`);
  return subKind;
}

/** Maps each field to the version that last set it. */
export function manifestOf(json: Prisma.JsonValue): Record<string, number> {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as Record<string, number>)
    : {};
}
