import "server-only";
import type { Scope } from "@/lib/access/scope";
import { authorityOf, sentKey } from "@/lib/connectors/destination";
import {
  type Referenced,
  type SecretWithDestinations,
  tokenServerOf,
} from "@/lib/connectors/secret-destinations";
import { type Db, db, Prisma, type Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import type { CurrentReference, NotAllowed, ToReview, WaitingRequests } from "@/lib/destinations/schema";
import {
  type DestinationRule,
  defaultDestinationRule,
  destinationRuleSchema,
} from "@/lib/internal-api/bodies/destination-rule";
import { openCandidate } from "@/lib/uses/open-candidate";

const maxShown = 20;

const findAllowed = preparedQuery<{ n: number; isReviewed: boolean }>(
  `SELECT input.n::int AS n, a."toReview" IS NULL AS "isReviewed"
   FROM unnest($2::text[], $3::int[], $4::text[]) WITH ORDINALITY AS input("secretId", version, destination, n)
   JOIN allowed_destination a ON a."secretId" = input."secretId" AND a.version = input.version
     AND a.destination = input.destination AND a."fabricId" = $1`,
);

/**
 * The sender of a value. An upgrade's allowances count for pipelines at once, for checks only after an
 * Admin's review.
 * Otherwise a User who had pointed a connection at their own server could steal the value with a check.
 */
export type Sender = "pipelines" | "checks";

/** For each entry, whether this version of the secret may be sent to this destination. */
export async function areAllowed(
  fabricId: string,
  candidates: readonly { secretId: string; version: number; destination: string }[],
  sender: Sender,
  tx?: Tx,
): Promise<boolean[]> {
  if (candidates.length === 0) return [];
  const variants = candidates.flatMap((candidate, at) =>
    [...new Set([candidate.destination, sentKey(candidate.destination)])].map((destination) => ({
      ...candidate,
      destination,
      at,
    })),
  );
  const values = [
    fabricId,
    variants.map(({ secretId }) => secretId),
    variants.map(({ version }) => version),
    variants.map(({ destination }) => destination),
  ];
  const rows = await (tx ? findAllowed.within(tx, ...values) : findAllowed(...values));
  const allowed = new Set(
    rows.flatMap(({ n, isReviewed }) => (isReviewed || sender === "pipelines" ? [variants[n - 1]?.at] : [])),
  );
  return candidates.map((_, at) => allowed.has(at));
}

/**
 * For each connection, the destinations that are not allowed, or null. In a fabric with the rule `open`, all
 * are allowed.
 */
export async function findNotAllowed(
  fabricId: string,
  connections: readonly { secrets: SecretWithDestinations<CurrentReference>[]; placedAt: Date }[],
): Promise<(NotAllowed | null)[]> {
  const candidates = connections.flatMap(({ secrets }, at) =>
    secrets.flatMap(({ secret, destinations }) =>
      destinations.map((destination) => {
        const { id: secretId, version, name, enteredAt } = secret;
        return { at, secretId, version, name, enteredAt, destination };
      }),
    ),
  );
  const allowed = await areAllowed(fabricId, candidates, "pipelines");
  const missing = candidates.filter((_, i) => !allowed[i]);
  if (missing.length === 0 || (await getDestinationRule({ fabricId })) === "open")
    return connections.map(() => null);
  const removed = await db.settledVersion.findMany({
    where: { secretId: { in: missing.map(({ secretId }) => secretId) }, removedAt: { not: null } },
    select: { secretId: true, version: true, removedAt: true },
  });
  const removedAt = new Map(removed.map((row) => [`${row.secretId}.${row.version}`, row.removedAt]));
  return connections.map(({ placedAt }, at) => {
    const ownMissing = missing.filter((one) => one.at === at);
    if (ownMissing.length === 0) return null;
    const sent = new Map<string, Set<string>>();
    for (const { name, destination } of ownMissing)
      sent.set(name, (sent.get(name) ?? new Set()).add(destination));
    const times = ownMissing.flatMap(({ secretId, version, enteredAt }) => [
      enteredAt.getTime(),
      removedAt.get(`${secretId}.${version}`)?.getTime() ?? 0,
    ]);
    return {
      since: new Date(Math.max(placedAt.getTime(), ...times)),
      sent: [...sent].map(([secret, destinations]) => ({ secret, destinations: [...destinations] })),
    };
  });
}

/** The token server of an M2M OAuth secret if it is not allowed for this version; otherwise null. */
export async function findTokenServerToAllow(
  { fabricId }: Scope<"secret:list">,
  { id: secretId, version, metadata }: Pick<Referenced, "id" | "version" | "metadata">,
): Promise<string | null> {
  const destination = tokenServerOf(metadata);
  if (destination === null || (await getDestinationRule({ fabricId })) === "open") return null;
  const [isAllowed] = await areAllowed(fabricId, [{ secretId, version, destination }], "pipelines");
  return isAllowed ? null : destination;
}

/** Destinations that an upgrade allowed and no Admin has reviewed, by secret name. */
export async function listToReview({ fabricId }: Scope<"secret:list">): Promise<ToReview> {
  const rows = await db.$queryRaw<
    (Omit<ToReview["destinations"][number], "secret"> & { secretId: string; name: string; total: number })[]
  >`
    SELECT a.id, a.destination, a."toReview" AS connections, a."createdAt", s.id AS "secretId", s.name,
      count(*) OVER ()::int AS total
    ${fromToReview(fabricId)}
    ORDER BY s."nameKey", a.destination LIMIT ${maxShown}`;
  return {
    total: rows[0]?.total ?? 0,
    destinations: rows.map(({ secretId, name, total: _total, ...row }) => ({
      ...row,
      secret: { id: secretId, name },
    })),
  };
}

/**
 * How many destinations wait for review, counted up to `most`: each visit to the Connections tab runs this.
 */
export async function countToReview({ fabricId }: Scope<"secret:list">, limit: number): Promise<number> {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (SELECT 1 ${fromToReview(fabricId)} LIMIT ${limit}) AS found`;
  return row?.count ?? 0;
}

function fromToReview(fabricId: string): Prisma.Sql {
  return Prisma.sql`
    FROM allowed_destination a JOIN secret s ON s.id = a."secretId"
    WHERE a."fabricId" = ${fabricId} AND a."toReview" IS NOT NULL AND s."deletedAt" IS NULL
      AND a.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = a."secretId")`;
}

/** The rule for who may send this fabric's secrets to new destinations. */
export async function getDestinationRule(
  { fabricId }: Pick<Scope<"fabric:see">, "fabricId">,
  client: Db | Tx = db,
): Promise<DestinationRule> {
  const row = await client.destinationRule.findUnique({ where: { fabricId }, select: { rule: true } });
  return destinationRuleSchema.catch(defaultDestinationRule).parse(row?.rule ?? defaultDestinationRule);
}

/**
 * Requests that wait for an Admin, oldest first, for one secret or the whole fabric: for its current value, or the new
 * value that waits. Excludes requests for a replaced value, which need a new request.
 */
export async function listWaitingRequests(
  { fabricId }: Scope<"secret:list">,
  secretId?: string,
): Promise<WaitingRequests> {
  const ofSecret = secretId === undefined ? Prisma.empty : Prisma.sql`AND r."secretId" = ${secretId}`;
  const waiting = await db.$queryRaw<{ id: string }[]>`
    SELECT r.id FROM destination_request r JOIN secret s ON s.id = r."secretId"
    WHERE r."fabricId" = ${fabricId} AND r.decision IS NULL AND s."deletedAt" IS NULL ${ofSecret}
      AND (r.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = r."secretId")
        OR EXISTS (${openCandidate(Prisma.sql`r."secretId"`)} AND c.number = -r.version))
    ORDER BY r."askedAt", r.id`;
  const rows = await db.destinationRequest.findMany({
    where: { fabricId, id: { in: waiting.slice(0, maxShown).map(({ id }) => id) } },
    orderBy: [{ askedAt: "asc" }, { id: "asc" }],
    select: {
      id: true,
      destinations: true,
      connectionName: true,
      reason: true,
      askedAt: true,
      askedByName: true,
      secretId: true,
      version: true,
      secret: {
        select: {
          id: true,
          name: true,
          names: {
            where: { retiredAt: { not: null } },
            select: { name: true },
            orderBy: { retiredAt: "asc" },
          },
        },
      },
    },
  });
  const authors = await authorsOf(rows);
  const authorities = await authoritiesOf(
    fabricId,
    rows.flatMap(({ destinations }) => destinations),
  );
  return {
    requests: rows.map(({ secret: { names, ...secret }, secretId, version, ...row }) => ({
      ...row,
      secret,
      isCandidate: version < 0,
      formerNames: names.map(({ name }) => name),
      enteredBy: authors.get(secretId) ?? [],
      authorities: Object.fromEntries(
        authorities.map(({ key, name, createdByName }) => [
          key,
          createdByName === null ? `${name}, a former version` : `${name}, entered by ${createdByName}`,
        ]),
      ),
    })),
    total: waiting.length,
  };
}

/** The people who entered the fields of these versions, by secret. */
async function authorsOf(
  versions: readonly { secretId: string; version: number }[],
): Promise<Map<string, string[]>> {
  const rows = await db.$queryRaw<{ secretId: string; names: string[] }[]>`
    SELECT v."secretId", array_agg(DISTINCT e."createdByName") AS names
    FROM unnest(${versions.map(({ secretId }) => secretId)}::text[], ${versions.map(({ version }) => version)}::int[])
      AS input("secretId", version)
    JOIN secret_version v ON v."secretId" = input."secretId" AND v.version = input.version
    CROSS JOIN LATERAL jsonb_each_text(v.manifest) AS field(name, version)
    JOIN secret_version e ON e."secretId" = v."secretId" AND e.version = field.version::int
    GROUP BY v."secretId"`;
  return new Map(rows.map(({ secretId, names }) => [secretId, names]));
}

/** The CA certificates that these destinations trust, by `<id>.<version>`. The author of a purged version is null. */
async function authoritiesOf(
  fabricId: string,
  destinations: readonly string[],
): Promise<{ key: string; name: string; createdByName: string | null }[]> {
  const named = destinations.flatMap((key) => authorityOf(key) ?? []);
  if (named.length === 0) return [];
  const rows = await db.secret.findMany({
    where: { fabricId, id: { in: named.map(({ id }) => id) } },
    select: {
      id: true,
      name: true,
      versions: {
        where: { OR: named.map(({ id, version }) => ({ secretId: id, version })) },
        select: { version: true, createdByName: true },
      },
    },
  });
  const secrets = new Map(rows.map((row) => [row.id, row]));
  return named.flatMap(({ id, version }) => {
    const secret = secrets.get(id);
    const stored = secret?.versions.find((one) => one.version === version);
    return secret
      ? [{ key: `${id}.${version}`, name: secret.name, createdByName: stored?.createdByName ?? null }]
      : [];
  });
}

/** The names of the CA certificates that these destinations trust, by `<id>.<version>`. */
export async function listAuthorityNames(
  {
    fabricId,
  }: Scope<"secret:list"> | Scope<"activity:list"> | Scope<"entry-link:list"> | Scope<"entry-link:use">,
  destinations: readonly string[],
): Promise<Record<string, string>> {
  const authorities = await authoritiesOf(fabricId, destinations);
  return Object.fromEntries(authorities.map(({ key, name }) => [key, name]));
}
