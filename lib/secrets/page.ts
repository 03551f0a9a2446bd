import "server-only";
import type { Scope } from "@/lib/access/scope";
import { type Bind, bound } from "@/lib/db/bound";
import { literal, Prisma } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { expiringDays } from "@/lib/expiry/schema";
import { type KeysetColumns, keyset } from "@/lib/secrets/keyset";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { type SecretListQuery, type SecretState, unusedForDays } from "@/lib/secrets/schema";
import { failingConnections } from "@/lib/uses/failing-connections";
import { openCandidate } from "@/lib/uses/open-candidate";

/** Which page to find; `ids` and `subKinds` for the picker. */
export type PageQuery = SecretListQuery & {
  limit: number;
  subKinds?: readonly SubKind[] | undefined;
  ids?: readonly string[] | undefined;
};

/**
 * Finds the secrets of a page, in its order: their ids, and what a cursor needs. The number of different statements is
 * small, so they can be prepared. Postgres plans this for each page's values, which is cheap. `readSummaries` reads what the page shows,
 * by one plan: see docs/decisions/0055-a-page-is-found-then-read.md.
 */
export async function findPage({ fabricId }: Scope<"secret:list">, query: PageQuery) {
  const values: unknown[] = [fabricId, query.limit];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const conditions = [`s."fabricId" = $1`, `s."deletedAt" IS NULL`];
  if (query.type) conditions.push(`s."subKind" = ${bind(query.type)}`);
  if (query.subKinds) conditions.push(`s."subKind" = ANY(${bind(query.subKinds)}::text[])`);
  if (query.ids) conditions.push(`s.id = ANY(${bind(query.ids)}::text[])`);
  if (query.search) conditions.push(matchingSearch(query.search, bind));
  if (query.state) conditions.push(states[query.state](bind));
  const { columns, orderBy, beyond, isBackward } = keyset(query, bind);
  if (beyond) conditions.push(beyond);
  const source = sourceOf(query);
  const text = `SELECT ${columns} FROM ${source} s WHERE ${conditions.join(" AND ")} ORDER BY ${orderBy} LIMIT $2`;
  return { found: await preparedQuery<KeysetColumns>(text)(...values), isBackward };
}

function sourceOf({ sort, state, search, type, subKinds, ids }: PageQuery): string {
  if (sort !== "used") return state === "unused" ? withUse : "secret";
  return state || search || type || subKinds || ids ? withUse : inOrderOfUse;
}

/** Each secret with its use, for a filter by it, or for an order beside another filter. */
const withUse = `(SELECT s.*, u."isUsed", u."idleSince" FROM secret s JOIN secret_use u ON u."secretId" = s.id WHERE u."fabricId" = $1)`;

/**
 * Every secret with its use, in the order of use. The uses come in the order of their index, and each secret is looked up:
 * Postgres takes a fabric for an average one, and would join and sort all secrets of a large one for a page. With a filter
 * that few match, it would look up all: use `withUse`.
 */
const inOrderOfUse = `(SELECT u."secretId" AS id, u."isUsed", u."idleSince", one."fabricId", one."deletedAt" FROM secret_use u
  CROSS JOIN LATERAL (SELECT "fabricId", "deletedAt" FROM secret WHERE id = u."secretId" LIMIT 1) one WHERE u."fabricId" = $1)`;

/** SQL that is true for a secret `s` in this state. "unused" requires `withUse`. */
const states: Record<SecretState, (bind: Bind) => string> = {
  expiring: () => `s."expiresAt" < now() + interval '${expiringDays} days'`,
  // Names both values of `isUsed`: the index has it before `idleSince`, and Postgres then reads only what is idle so long.
  unused: () =>
    `s."isUsed" = ANY('{true,false}') AND s."idleSince" < now() - interval '${unusedForDays} days'`,
  failing: (bind) =>
    // An array: Postgres does not know how few they are, and would read every secret for a join.
    `s.id = ANY(ARRAY(SELECT cs."secretId" FROM ${bound(failingConnections(), bind)}
       JOIN connection_secret cs ON cs."connectionId" = c.id WHERE f."fabricId" = $1
       UNION ALL SELECT "secretId" FROM password_rotation WHERE "fabricId" = $1 AND failures > 0))`,
  new_value: (bind) => `EXISTS (${bound(openCandidate(Prisma.sql`s.id`), bind)})`,
  // An earlier release of web does not set `isReplaced`.
  never_replaced: () =>
    `NOT s."isReplaced" AND NOT EXISTS (SELECT FROM secret_version v WHERE v."secretId" = s.id AND v.version > 1)`,
};

/**
 * A text below three characters has no trigram to look up. The `|| ''` then keeps Postgres off that index:
 * reading rows in order fills a page soon.
 */
function matchingSearch(search: string, bind: Bind): string {
  const inName = bind(`%${literal(search.toLowerCase())}%`);
  const inDescription = bind(`%${literal(search)}%`);
  return search.length < 3
    ? `(s."nameKey" || '' LIKE ${inName} OR s.description || '' ILIKE ${inDescription})`
    : `(s."nameKey" LIKE ${inName} OR s.description ILIKE ${inDescription})`;
}
