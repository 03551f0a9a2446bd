import { type Allowance, type Author, addDestinations, allowAll } from "@/automate/secrets/add-destinations";
import { type CurrentSecret, findSecretById } from "@/automate/secrets/current-secret";
import { isEnteredOnlyByToken, tokenOfVersion } from "@/automate/secrets/entered-recently";
import { freshForMs } from "@/lib/access/policy";
import { sentKey } from "@/lib/connectors/destination";
import { tokenServerOf } from "@/lib/connectors/secret-destinations";
import { db, type Tx } from "@/lib/db/client";
import { getDestinationRule } from "@/lib/destinations/queries";
import { isSingleValue } from "@/lib/secrets/kinds/registry";

// See docs/decisions/0003 and 0016: destinations carry over to a version that one person entered completely.

const settling = new Map<string, Promise<void>>();

/**
 * Allows, once, the destinations that the current version of a secret brings along, in its author's name.
 *
 * These are the former version's destinations that the author keeps, and the token server of an Auth URL
 * entered with this version. If somebody else entered a field, nothing carries over.
 */
export function settleVersion(fabricId: string, secretId: string): Promise<void> {
  // When many pipelines read a new value at once, they share one transaction.
  const running = settling.get(secretId);
  // The running one may have started before this caller's version was stored, so settle again.
  if (running) return running.then(() => settle(fabricId, secretId));
  const run = settle(fabricId, secretId).finally(() => settling.delete(secretId));
  settling.set(secretId, run);
  return run;
}

async function settle(fabricId: string, secretId: string): Promise<void> {
  const secret = await findSecretById({ fabricId }, secretId);
  if (!secret) return;
  const key = { secretId, version: secret.version };
  const settledRow = await db.settledVersion.findUnique({
    where: { secretId_version: key },
    select: { version: true },
  });
  if (settledRow) return;
  await db.$transaction(async (tx) => {
    const data = [{ ...key, fabricId }];
    const { count } = await tx.settledVersion.createMany({ data, skipDuplicates: true });
    if (count === 1) await carryOver(tx, secret);
  });
}

async function carryOver(tx: Tx, secret: CurrentSecret): Promise<void> {
  const { id: secretId, fabricId, version, manifest, enteredBy, facts, subKind } = secret;
  const row = await tx.secretVersion.findUniqueOrThrow({
    where: { secretId_version: { secretId, version } },
    select: {
      keeps: true,
      createdById: true,
      createdByName: true,
      createdAt: true,
      secret: { select: { fabric: { select: { teamId: true } } } },
    },
  });
  if (!isEnteredOnlyBy(secret, row.createdById)) return;
  const { teamId } = row.secret.fabric;
  const tokenId = await tokenOfVersion(tx, secret, row.createdById);
  const since = new Date(row.createdAt.getTime() - freshForMs);
  // An access token brings along only what it entered itself. An attacker with a stolen one could otherwise
  // send its owner's older values to a server of their own.
  const isAuthors = async (one: CurrentSecret) =>
    isEnteredOnlyBy(one, row.createdById) &&
    (tokenId === null ||
      (await isEnteredOnlyByToken(tx, one, { id: tokenId, ownerId: row.createdById, since })));
  const actor = { kind: "user", id: row.createdById, name: row.createdByName } as const;
  const author = { fabricId, teamId, actor };
  const { from, keeps } = await lastSettled(tx, secret, row);
  // Compared by destination, not by row: the author may have chosen before the former version was settled.
  const chosen = await tx.allowedDestination.findMany({
    where: { id: { in: keeps }, secretId },
    select: { destination: true },
  });
  const former = await tx.allowedDestination.findMany({
    where: { secretId, version: from, destination: { in: chosen.map((one) => one.destination) } },
    orderBy: { id: "asc" },
    select: { destination: true, toReview: true },
  });
  const retained = former.map(({ destination }) => destination);
  const toReview = new Map(former.map((row) => [row.destination, row.toReview]));
  if (retained.length > 0)
    await addDestinations(tx, author, secret, retained, "destination.carry", { toReview });
  // A CA certificate is a single value.
  const isRenewal = tokenId === null && enteredBy.get(from) === actor.id;
  if (isSingleValue(subKind) && retained.length > 0)
    await carryAuthority(tx, author, secret, {
      from,
      retained: new Set(retained),
      isRenewal,
      tokenId,
      since,
    });
  const tokenServer = tokenServerOf(facts);
  const isNewServer = manifest.authUrl === version && tokenServer !== null && !retained.includes(tokenServer);
  if (isNewServer && (await isAuthors(secret)))
    await addDestinations(tx, author, secret, [tokenServer], "destination.allow");
}

/**
 * Finds the last settled version and the destinations kept since then. When the same person replaced a value
 * twice before automate settled the first, only destinations kept both times remain.
 */
async function lastSettled(
  tx: Tx,
  { id: secretId, version }: CurrentSecret,
  { keeps, createdById }: { keeps: string[]; createdById: string },
): Promise<{ from: number; keeps: string[] }> {
  let retained = keeps;
  for (let from = version - 1; ; from -= 1) {
    const key = { secretId, version: from };
    const before = await tx.secretVersion.findUnique({
      where: { secretId_version: key },
      select: { keeps: true, createdById: true },
    });
    const isSettled =
      (await tx.settledVersion.count({ where: key })) + (await tx.allowedDestination.count({ where: key })) >
      0;
    if (isSettled || before?.createdById !== createdById) return { from, keeps: retained };
    retained = retained.filter((id) => before.keeps.includes(id));
  }
}

/** True when one person entered every field of this version. */
export function isEnteredOnlyBy({ manifest, enteredBy }: CurrentSecret, personId: string): boolean {
  return Object.values(manifest).every((version) => enteredBy.get(version) === personId);
}

/** The replacement of a certificate authority: its former version, the destinations kept, and who replaced it. */
type Renewal = {
  from: number;
  retained: ReadonlySet<string>;
  isRenewal: boolean;
  /**
   * The access token that entered the authority, or null for a person in the app. `since`: from when its
   * entries count.
   */
  tokenId: string | null;
  since: Date;
};

/**
 * Carries over other secrets' allowances when a certificate authority is replaced.
 *
 * The authority is part of their destinations, so they need new allowances. If the authority's own author
 * renewed it in the app, all of them carry over. Otherwise an attacker, or a stolen access token, could enter
 * an authority of their own and impersonate the server. Then only secrets that the same author entered
 * completely carry over, and none in a locked fabric.
 */
async function carryAuthority(
  tx: Tx,
  author: Author,
  { id, version }: CurrentSecret,
  { from: formerVersion, retained, isRenewal, tokenId, since }: Renewal,
): Promise<void> {
  const { fabricId, actor } = author;
  if (!isRenewal && (await getDestinationRule({ fabricId }, tx)) === "locked") return;
  const [from, to] = [`ca=${id}.${formerVersion}`, `ca=${id}.${version}`];
  // The conditions of `isEnteredOnlyBy` and `isEnteredOnlyByToken`, for many secrets.
  const rows = await tx.$queryRaw<Allowance[]>`
    SELECT s.id AS "secretId", s.name, v.version, a.destination, a."toReview"
    FROM allowed_destination a
    JOIN secret s ON s.id = a."secretId" AND s."deletedAt" IS NULL
    JOIN secret_version v ON v."secretId" = s.id AND v.version = a.version
    WHERE a."fabricId" = ${fabricId} AND right(a.destination, ${from.length}::int) = ${from}
      AND NOT EXISTS (SELECT 1 FROM secret_version later WHERE later."secretId" = s.id AND later.version > v.version)
      AND (${isRenewal} OR NOT EXISTS (
        SELECT 1 FROM jsonb_each_text(v.manifest) AS set_in(field, version)
        WHERE ${actor.id} IS DISTINCT FROM (
            SELECT entered."createdById" FROM secret_version entered
            WHERE entered."secretId" = s.id AND entered.version = set_in.version::int)
          OR ${tokenId}::text IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM audit_event e
            WHERE e."fabricId" = ${fabricId} AND e."objectId" = s.id AND e."actorId" = ${actor.id} AND e.at > ${since}
              AND e.action IN ('secret.create', 'secret.replace') AND e.details->>'accessTokenId' = ${tokenId}
              AND coalesce((e.details->>'version')::int, 1) = set_in.version::int)))
    ORDER BY s.id, a.destination`;
  const renewed = rows.flatMap(({ destination, ...row }) => {
    const server = destination.slice(0, -from.length - 1);
    return retained.has(sentKey(server))
      ? [{ ...row, destination: `${destination.slice(0, -from.length)}${to}` }]
      : [];
  });
  if (renewed.length > 0) await allowAll(tx, author, renewed, "destination.carry");
}
