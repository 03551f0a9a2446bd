import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, literal, type Prisma } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { listAuthorityNames } from "@/lib/destinations/queries";
import { ownerOf } from "@/lib/expiry/owner";
import { expiringDays, expiryOf } from "@/lib/expiry/schema";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";
import { cursorOf, keyset } from "@/lib/secrets/keyset";
import { isSubKind, type SubKind } from "@/lib/secrets/kinds/registry";
import { listReaders, pipelinesOfSecret } from "@/lib/secrets/readers";
import {
  longestHistory,
  type SecretDetail,
  type SecretListQuery,
  type SecretOption,
  type SecretPage,
  type SecretState,
  type SecretSummary,
} from "@/lib/secrets/schema";
import { listUsingConnections } from "@/lib/secrets/used-by";

const pageSize = 50;

/** A row of the table as Postgres returns it. All columns are public. */
type Row = Omit<SecretSummary, "subKind" | "expiry" | "owner"> & {
  nameKey: string;
  subKind: string;
  createdById: string;
  expiresAt: Date;
  expirySource: string;
  ownerId: string | null;
  ownerName: string;
  ownerEmail: string;
};

const summaryColumns = `s.id, s.name, s."nameKey", s."subKind", s.description, s."createdAt", s."createdById", s."createdByName",
  s."updatedAt", s."updatedByName", v.version, v.facts AS metadata,
  (SELECT count(DISTINCT "connectionId")::int FROM connection_secret WHERE "secretId" = s.id) AS "usedBy",
  r.pipelines, r."lastReadAt", s."expiresAt", s."expirySource", o.id AS "ownerId", o.name AS "ownerName", o.email AS "ownerEmail"`;
const currentVersion = `CROSS JOIN LATERAL
  (SELECT version, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v`;
const owner = `JOIN fabric f ON f.id = s."fabricId" LEFT JOIN LATERAL (${ownerOf("s")}) o ON true`;

/** SQL of each state of a secret `s`. */
const conditionOf: Record<SecretState, string> = {
  expiring: `s."expiresAt" < now() + interval '${expiringDays} days'`,
};

/** One page of a fabric's secrets. */
export async function listSecrets(
  scope: Scope<"secret:list">,
  query: SecretListQuery,
  { limit = pageSize, isLater }: PageRequest = {},
): Promise<SecretPage> {
  const { rows, isBackward } = await listRows(scope, { ...query, limit: limit + 1 }, { isLater });
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const isPaged = query.after !== undefined || isBackward;
  const hasNext = isBackward ? true : hasMore;
  const hasPrevious = isBackward ? hasMore : isPaged;
  const first = page.at(0);
  const last = page.at(-1);
  return {
    secrets: page.map(summaryOf),
    next: hasNext && last ? cursorOf(query.sort, last) : null,
    previous: hasPrevious && first ? cursorOf(query.sort, first) : null,
    isFabricEmpty: rows.length === 0 && (await countSecrets(scope, [])).inFabric === 0,
  };
}

type RowsQuery = SecretListQuery & {
  limit: number;
  subKinds?: readonly SubKind[] | undefined;
  ids?: readonly string[] | undefined;
};

/**
 * Reads a fabric's secrets in one statement. The number of different statements is small, so they can be
 * prepared.
 */
async function listRows({ fabricId, actor }: Scope<"secret:list">, query: RowsQuery, page: PageRequest = {}) {
  const values: unknown[] = [fabricId, query.limit];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const conditions = [`s."fabricId" = $1`, `s."deletedAt" IS NULL`];
  if (query.type) conditions.push(`s."subKind" = ${bind(query.type)}`);
  if (query.subKinds) conditions.push(`s."subKind" = ANY(${bind(query.subKinds)}::text[])`);
  if (query.ids) conditions.push(`s.id = ANY(${bind(query.ids)}::text[])`);
  if (query.state) conditions.push(conditionOf[query.state]);
  if (query.search) conditions.push(matching(query.search, bind));
  const { orderBy, beyond, isBackward } = keyset(query, bind);
  if (beyond) conditions.push(beyond);
  const text = `SELECT ${summaryColumns}
    FROM (SELECT * FROM secret s WHERE ${conditions.join(" AND ")} ORDER BY ${orderBy} LIMIT $2) s ${currentVersion} ${pipelinesOfSecret} ${owner}
    ORDER BY ${orderBy}`;
  const rows = await inListSlot(actor.id, () => preparedQuery<Row>(text)(...values), page);
  return { rows, isBackward };
}

/**
 * A text below three characters has no trigram to look up. The `|| ''` then keeps Postgres off that index:
 * reading rows in order fills a page soon.
 */
function matching(search: string, bind: (value: string) => string): string {
  const inName = bind(`%${literal(search.toLowerCase())}%`);
  const inDescription = bind(`%${literal(search)}%`);
  return search.length < 3
    ? `(s."nameKey" || '' LIKE ${inName} OR s.description || '' ILIKE ${inDescription})`
    : `(s."nameKey" LIKE ${inName} OR s.description ILIKE ${inDescription})`;
}

const counts = preparedQuery<{ inFabric: number; ofKind: number }>(
  `SELECT count(*)::int AS "inFabric", (count(*) FILTER (WHERE "subKind" = ANY($2::text[])))::int AS "ofKind"
   FROM secret WHERE "fabricId" = $1 AND "deletedAt" IS NULL`,
);

async function countSecrets({ fabricId }: Scope<"secret:list">, subKinds: readonly SubKind[]) {
  const [row] = await counts(fabricId, subKinds);
  return row ?? { inFabric: 0, ofKind: 0 };
}

const findSummary = preparedQuery<Row>(
  `SELECT ${summaryColumns} FROM secret s ${currentVersion} ${pipelinesOfSecret} ${owner} WHERE s.id = $1 AND s."fabricId" = $2 AND s."deletedAt" IS NULL`,
);

/** Returns all public data of one secret. Throws `NotFound` if it belongs to another fabric. */
export async function getSecret(scope: Scope<"secret:list">, secretId: string): Promise<SecretDetail> {
  const [summary] = secretId.includes("\0") ? [] : await findSummary(secretId, scope.fabricId);
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
  return {
    ...summaryOf(summary),
    fields: Object.entries(manifest).map(([field, version]) => ({
      field,
      version,
      setAt: setAt.get(version) ?? null,
    })),
    versions: row.versions.map(({ version, createdAt, createdByName }) => ({
      version,
      createdAt,
      createdByName,
    })),
    formerNames: row.names.map(({ name, retiredAt }) => ({
      name,
      retiredAt: retiredAt ?? summary.updatedAt,
    })),
    connections: await listUsingConnections(scope, secretId),
    readers: await listReaders(scope, secretId),
    destinations,
    authorities: await listAuthorityNames(
      scope,
      destinations.map(({ destination }) => destination),
    ),
    isCreator: summary.createdById === scope.actor.id,
  };
}

/**
 * One page of the picker: secrets of the given types whose name contains `search`, or exactly those in `ids`.
 */
export async function listSecretOptions(
  scope: Scope<"secret:list">,
  query: {
    search: string;
    subKinds: readonly SubKind[];
    after?: string | undefined;
    ids?: readonly string[] | undefined;
  },
): Promise<{ options: SecretOption[]; next: string | null; inFabric: number; ofKind: number }> {
  const { subKinds, ids, search, after } = query;
  const list = {
    search: ids ? "" : search,
    sort: "name",
    order: "asc",
    after: ids ? undefined : after,
  } as const;
  const { rows } = await listRows(scope, {
    ...list,
    ids,
    subKinds: ids ? undefined : subKinds,
    limit: pageSize + 1,
  });
  const page = rows.slice(0, pageSize);
  const last = page.at(-1);
  return {
    options: page.map((row) => ({
      id: row.id,
      name: row.name,
      subKind: subKindOf(row),
      usedBy: row.usedBy,
      pipelines: row.pipelines,
      updatedAt: row.updatedAt.toISOString(),
      updatedByName: row.updatedByName,
    })),
    next: rows.length > pageSize && last ? cursorOf("name", last) : null,
    ...(await countSecrets(scope, subKinds)),
  };
}

function summaryOf(row: Row): SecretSummary {
  const {
    id,
    name,
    description,
    version,
    usedBy,
    pipelines,
    lastReadAt,
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
    pipelines,
    lastReadAt,
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
