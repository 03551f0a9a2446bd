import { type Allowance, type Author, addDestinations, allowAll } from "@/automate/secrets/add-destinations";
import { type CurrentSecret, findSecretById } from "@/automate/secrets/current-secret";
import { isEnteredOnlyByToken, tokenOfVersion } from "@/automate/secrets/entered-recently";
import { freshForMs } from "@/lib/access/policy";
import { sentKey } from "@/lib/connectors/destination";
import { tokenServerOf } from "@/lib/connectors/secret-destinations";
import { db, type Tx } from "@/lib/db/client";
import { getDestinationRule } from "@/lib/destinations/queries";
import { isSingleValue } from "@/lib/secrets/kinds/registry";

// See docs/decisions/0003 and 0016: only a version that one person entered completely keeps destinations.

const settling = new Map<string, Promise<void>>();

/**
 * Settles the current version of a secret: allows its destinations in its author's name, once.
 *
 * These are the former version's destinations that it keeps, and the token server of an Auth URL entered with
 * this version. If somebody else entered a field, it keeps nothing.
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
    if (count === 1) await allowOnce(tx, secret);
  });
}

async function allowOnce(tx: Tx, secret: CurrentSecret): Promise<void> {
  const { id: secretId, fabricId, version, manifest, enteredBy, metadata, subKind } = secret;
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
  const actor = { kind: "user", id: row.createdById, name: row.createdByName } as const;
  const author = { fabricId, teamId, actor };
  const { formerVersion, keptIds } = await lastSettled(tx, secret, row);
  // Compare destinations, not ids: the kept ids may belong to an older version.
  const chosen = await tx.allowedDestination.findMany({
    where: { id: { in: keptIds }, secretId },
    select: { destination: true },
  });
  const former = await tx.allowedDestination.findMany({
    where: { secretId, version: formerVersion, destination: { in: chosen.map((one) => one.destination) } },
    orderBy: { id: "asc" },
    select: { destination: true, toReview: true },
  });
  const kept = former.map(({ destination }) => destination);
  const toReview = new Map(former.map((row) => [row.destination, row.toReview]));
  if (kept.length > 0) await addDestinations(tx, author, secret, kept, "destination.carry", { toReview });
  // Only a single value can be a CA certificate.
  if (isSingleValue(subKind) && kept.length > 0)
    await keepForOtherSecrets(tx, author, secret, {
      formerVersion,
      kept: new Set(kept),
      isOwnRenewal: tokenId === null && enteredBy.get(formerVersion) === actor.id,
      tokenId,
      since,
    });
  const tokenServer = tokenServerOf(metadata);
  if (manifest.authUrl !== version || tokenServer === null || kept.includes(tokenServer)) return;
  // An access token allows the token server only if it entered every field itself. An attacker with a stolen
  // one could otherwise send its owner's older values to a server of their own.
  const ownerId = row.createdById;
  if (tokenId === null || (await isEnteredOnlyByToken(tx, secret, { id: tokenId, ownerId, since })))
    await addDestinations(tx, author, secret, [tokenServer], "destination.allow");
}

/**
 * Finds the last settled version, and the ids of the destinations kept since then. When the same person
 * replaced a value twice before automate settled the first, only destinations kept both times remain.
 */
async function lastSettled(
  tx: Tx,
  { id: secretId, version }: CurrentSecret,
  { keeps, createdById }: { keeps: string[]; createdById: string },
): Promise<{ formerVersion: number; keptIds: string[] }> {
  let keptIds = keeps;
  for (let formerVersion = version - 1; ; formerVersion -= 1) {
    const key = { secretId, version: formerVersion };
    const former = await tx.secretVersion.findUnique({
      where: { secretId_version: key },
      select: { keeps: true, createdById: true },
    });
    const isSettled =
      (await tx.settledVersion.count({ where: key })) + (await tx.allowedDestination.count({ where: key })) >
      0;
    if (isSettled || former?.createdById !== createdById) return { formerVersion, keptIds };
    keptIds = keptIds.filter((id) => former.keeps.includes(id));
  }
}

/** True when one person entered every field of this version. */
export function isEnteredOnlyBy({ manifest, enteredBy }: CurrentSecret, personId: string): boolean {
  return Object.values(manifest).every((version) => enteredBy.get(version) === personId);
}

/** A new version of a certificate authority. */
type Replacement = {
  formerVersion: number;
  /** The authority's own destinations that it keeps. */
  kept: ReadonlySet<string>;
  /** True when the author of the former version replaced it in the app. */
  isOwnRenewal: boolean;
  /** The access token that entered the authority, or null for a person in the app. */
  tokenId: string | null;
  /** From when the token's entries count. */
  since: Date;
};

/**
 * Lets other secrets keep their destinations when a certificate authority is replaced.
 *
 * The authority is part of these destinations, so they need new allowances. If the authority's own author
 * renewed it in the app, all of them are kept. Otherwise an attacker, or a stolen access token, could enter an
 * authority of their own and impersonate the server. Then only secrets that the same author entered completely
 * keep them, and none in a locked fabric.
 */
async function keepForOtherSecrets(
  tx: Tx,
  author: Author,
  { id, version }: CurrentSecret,
  { formerVersion, kept, isOwnRenewal, tokenId, since }: Replacement,
): Promise<void> {
  const { fabricId, actor } = author;
  if (!isOwnRenewal && (await getDestinationRule({ fabricId }, tx)) === "locked") return;
  const [from, to] = [`ca=${id}.${formerVersion}`, `ca=${id}.${version}`];
  // The conditions of `isEnteredOnlyBy` and `isEnteredOnlyByToken`, for many secrets.
  const rows = await tx.$queryRaw<Allowance[]>`
    SELECT s.id AS "secretId", s.name, v.version, a.destination, a."toReview"
    FROM allowed_destination a
    JOIN secret s ON s.id = a."secretId" AND s."deletedAt" IS NULL
    JOIN secret_version v ON v."secretId" = s.id AND v.version = a.version
    WHERE a."fabricId" = ${fabricId} AND right(a.destination, ${from.length}::int) = ${from}
      AND NOT EXISTS (SELECT 1 FROM secret_version later WHERE later."secretId" = s.id AND later.version > v.version)
      AND (${isOwnRenewal} OR NOT EXISTS (
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
  const allowances = rows.flatMap(({ destination, ...row }) => {
    const server = destination.slice(0, -from.length - 1);
    // A certificate authority is not sent to the token server for which it vouches, so it has no row for that.
    return kept.has(sentKey(server)) || server.startsWith("oauth-token://")
      ? [{ ...row, destination: `${destination.slice(0, -from.length)}${to}` }]
      : [];
  });
  if (allowances.length > 0) await allowAll(tx, author, allowances, "destination.carry");
}
