import "server-only";
import { literal, Prisma } from "@/lib/db/client";
import { ownerOf } from "@/lib/expiry/owner";
import { expiringDays } from "@/lib/expiry/schema";
import { pipelinesOfSecret } from "@/lib/secrets/readers";
import { type SecretState, type SecretSummary, unusedForDays } from "@/lib/secrets/schema";
import { failingConnections } from "@/lib/uses/failing-connections";
import { openCandidate } from "@/lib/uses/open-candidate";

/** A row of the table as Postgres returns it. All columns are public. */
export type Row = Omit<SecretSummary, "subKind" | "expiry" | "owner"> & {
  nameKey: string;
  subKind: string;
  createdById: string;
  isUsed: boolean;
  idleSince: Date;
  expiresAt: Date;
  expirySource: string;
  ownerId: string | null;
  ownerName: string;
  ownerEmail: string;
};

/** Binds a value, and returns its placeholder. */
export type Bind = (value: unknown) => string;

/**
 * SQL that reads the summaries of the secrets that `selected` selects as `s`. The failing connections are read once, from
 * the few failing checks of the fabric `$1`: a secret may have any number of connections. With
 * `LIMIT 1`, Postgres looks up each row by its key. It does not know how few rows `selected` has, and would otherwise read
 * a whole table for a page.
 */
export function selectSummaries(selected: string, bind: Bind): string {
  return `WITH s AS MATERIALIZED (${selected}), failing AS MATERIALIZED (
      SELECT cs."secretId", count(DISTINCT c.id)::int AS failing
      FROM ${bound(failingConnections(), bind)} JOIN connection_secret cs ON cs."connectionId" = c.id
      WHERE f."fabricId" = $1 AND cs."secretId" IN (SELECT id FROM s) GROUP BY 1
    ), rotated AS MATERIALIZED (
      SELECT p."administratorId", count(*)::int AS rotations FROM password_rotation p
      WHERE p."administratorId" = ANY(ARRAY(SELECT id FROM s))
        AND (SELECT o."deletedAt" IS NULL FROM secret o WHERE o.id = p."secretId") GROUP BY 1)
    SELECT s.id, s.name, s."nameKey", s."subKind", s.description, s."createdAt", s."createdById", s."createdByName",
      s."updatedAt", s."updatedByName", v.version, v.facts AS metadata,
      EXISTS (${bound(openCandidate(Prisma.sql`s.id`), bind)}) AS "hasNewValue",
      (SELECT count(DISTINCT "connectionId")::int FROM connection_secret WHERE "secretId" = s.id) AS "usedBy",
      coalesce(rotated.rotations, 0) AS "usedByRotations",
      own.failures IS NOT NULL AS "isRotated", coalesce(own.failures > 0, false) AS "rotationFails",
      coalesce(failing.failing, 0) AS failing, r.pipelines, r."lastReadAt",
      s."expiresAt", s."expirySource", o.id AS "ownerId", o.name AS "ownerName", o.email AS "ownerEmail",
      coalesce(u."isUsed", false) AS "isUsed", coalesce(u."idleSince", s."createdAt") AS "idleSince",
      greatest(CASE WHEN u."isUsed" THEN u."idleSince" END, r."lastReadAt") AS "lastUsedAt"
    FROM s CROSS JOIN LATERAL
      (SELECT version, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v
    ${pipelinesOfSecret} JOIN fabric f ON f.id = s."fabricId" LEFT JOIN LATERAL (${ownerOf("s")}) o ON true
    LEFT JOIN LATERAL (SELECT "isUsed", "idleSince" FROM secret_use WHERE "secretId" = s.id LIMIT 1) u ON true
    LEFT JOIN LATERAL (SELECT failures FROM password_rotation WHERE "secretId" = s.id LIMIT 1) own ON true
    LEFT JOIN rotated ON rotated."administratorId" = s.id LEFT JOIN failing ON failing."secretId" = s.id`;
}

/** The text of a part of a statement, with its values bound. */
function bound({ strings, values }: Prisma.Sql, bind: Bind): string {
  return strings.reduce((text, next, i) => `${text}${bind(values[i - 1])}${next}`);
}

/** Each secret with its use, for a filter by it, or for an order beside another filter. */
export const withUse = `(SELECT s.*, u."isUsed", u."idleSince" FROM secret s JOIN secret_use u ON u."secretId" = s.id WHERE u."fabricId" = $1)`;

const columns = `"fabricId", name, "nameKey", "subKind", description, "createdAt", "createdById", "createdByName", "updatedAt",
  "updatedByName", "expiresAt", "expirySource", "ownerId", "ownerSince", "deletedAt"`;

/**
 * Every secret with its use, in the order of use. The uses come in the order of their index, and each secret is looked up:
 * Postgres takes a fabric for an average one, and would join and sort all secrets of a large one for a page. With a filter
 * that few match, it would look up all: use `withUse`.
 */
export const inOrderOfUse = `(SELECT u."secretId" AS id, u."isUsed", u."idleSince", one.* FROM secret_use u
  CROSS JOIN LATERAL (SELECT ${columns} FROM secret WHERE id = u."secretId" LIMIT 1) one WHERE u."fabricId" = $1)`;

/** SQL of each state of a secret `s`. */
const states: Record<SecretState, (bind: Bind) => string> = {
  expiring: () => `s."expiresAt" < now() + interval '${expiringDays} days'`,
  // Both values of the index's next column, so that Postgres reads from it only what is idle for that long.
  unused: () =>
    `s."isUsed" = ANY('{true,false}') AND s."idleSince" < now() - interval '${unusedForDays} days'`,
  failing: (bind) =>
    // An array: Postgres does not know how few they are, and would read every secret for a join.
    `s.id = ANY(ARRAY(SELECT cs."secretId" FROM ${bound(failingConnections(), bind)}
       JOIN connection_secret cs ON cs."connectionId" = c.id WHERE f."fabricId" = $1
       UNION ALL SELECT "secretId" FROM password_rotation WHERE "fabricId" = $1 AND failures > 0))`,
  new_value: (bind) => `EXISTS (${bound(openCandidate(Prisma.sql`s.id`), bind)})`,
  never_replaced: () =>
    `NOT s."isReplaced" AND NOT EXISTS (SELECT FROM secret_version v WHERE v."secretId" = s.id AND v.version > 1)`,
};

/** SQL that is true for a secret `s` in this state. "unused" requires `withUse`. */
export function matchingState(state: SecretState, bind: Bind): string {
  return states[state](bind);
}

/**
 * A text below three characters has no trigram to look up. The `|| ''` then keeps Postgres off that index:
 * reading rows in order fills a page soon.
 */
export function matchingSearch(search: string, bind: Bind): string {
  const inName = bind(`%${literal(search.toLowerCase())}%`);
  const inDescription = bind(`%${literal(search)}%`);
  return search.length < 3
    ? `(s."nameKey" || '' LIKE ${inName} OR s.description || '' ILIKE ${inDescription})`
    : `(s."nameKey" LIKE ${inName} OR s.description ILIKE ${inDescription})`;
}
