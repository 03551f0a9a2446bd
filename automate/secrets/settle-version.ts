import { type Author, addDestinations } from "@/automate/secrets/add-destinations";
import { isEnteredOnlyByToken, tokenOfVersion } from "@/automate/secrets/entered-recently";
import { lockDestinations, notRemovedSince } from "@/automate/secrets/remove-destination";
import { keepForOtherSecrets } from "@/automate/secrets/renew-authority";
import {
  findCandidateSecret,
  findSecretById,
  type SecretWithAuthors,
} from "@/automate/secrets/usable-secret";
import { freshForMs } from "@/lib/access/policy";
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

/**
 * Settles a candidate, by the same rules as a version: allows its destinations, once. Only destinations of the
 * version that it replaces can be among them, and the token server of an Auth URL entered with it.
 */
export async function settleCandidate(fabricId: string, secretId: string, number: number): Promise<void> {
  // The version that it replaces may not be settled yet.
  await settleVersion(fabricId, secretId);
  const secret = await findCandidateSecret({ fabricId }, secretId, number);
  if (secret) await settleSecret(secret);
}

async function settle(fabricId: string, secretId: string): Promise<void> {
  const secret = await findSecretById({ fabricId }, secretId);
  if (secret) await settleSecret(secret);
}

async function settleSecret(secret: SecretWithAuthors): Promise<void> {
  const { id: secretId, fabricId, version } = secret;
  const key = { secretId, version };
  const settledRow = await db.settledVersion.findUnique({
    where: { secretId_version: key },
    select: { version: true },
  });
  if (settledRow) return;
  await db.$transaction(async (tx) => {
    await lockDestinations(tx, fabricId, "carry");
    const data = [{ ...key, fabricId }];
    const { count } = await tx.settledVersion.createMany({ data, skipDuplicates: true });
    if (count !== 1) return;
    if (version > 0 || (await lockOpenCandidate(tx, key))) await allowOnce(tx, secret);
    // It was promoted or discarded meanwhile.
    else await tx.settledVersion.deleteMany({ where: key });
  });
}

/** Keeps a candidate open until the transaction ends. False when it is not open any more. */
async function lockOpenCandidate(
  tx: Tx,
  { secretId, version }: { secretId: string; version: number },
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT FROM secret_candidate
    WHERE "secretId" = ${secretId} AND number = ${-version} AND outcome IS NULL FOR SHARE`;
  return rows.length === 1;
}

async function allowOnce(tx: Tx, secret: SecretWithAuthors): Promise<void> {
  const { id: secretId, fabricId, version, enteredBy, subKind } = secret;
  const stored = await tx.secretVersion.findUniqueOrThrow({
    where: { secretId_version: { secretId, version } },
    select: {
      keeps: true,
      createdById: true,
      createdByName: true,
      createdAt: true,
      secret: { select: { fabric: { select: { teamId: true } } } },
    },
  });
  // A copy has no author.
  if (stored.createdById === "" || !isEnteredOnlyBy(secret, stored.createdById)) return;
  const link = await linkOf(tx, secret, stored.createdById);
  const actor = { kind: link ? "link" : "user", id: stored.createdById, name: stored.createdByName } as const;
  const author = { fabricId, teamId: stored.secret.fabric.teamId, actor };
  if (link) await allowShown(tx, author, secret, link);
  const tokenId = await tokenOfVersion(tx, secret, actor.id);
  const since = new Date(stored.createdAt.getTime() - freshForMs);

  const { formerVersion, keptIds } =
    version < 0
      ? { formerVersion: await baseOf(tx, secret), keptIds: stored.keeps }
      : await lastSettled(tx, secret, stored);
  const kept = await keptDestinations(tx, secretId, formerVersion, keptIds);
  if (kept.size > 0)
    await addDestinations(tx, author, secret, [...kept.keys()], "destination.carry", { toReview: kept });
  // Only a single value can be a CA certificate.
  if (isSingleValue(subKind) && kept.size > 0)
    await keepForOtherSecrets(tx, author, secret, {
      formerVersion,
      kept,
      isOwnRenewal: tokenId === null && enteredBy.get(formerVersion) === actor.id,
      tokenId,
      since,
    });

  const tokenServer = enteredTokenServer(secret);
  if (tokenServer === null || kept.has(tokenServer)) return;
  // An access token allows the token server only if it entered every field itself. An attacker with a stolen
  // one could otherwise send its owner's older values to a server of their own.
  const token = tokenId === null ? null : { id: tokenId, ownerId: actor.id, since };
  if (token === null || (await isEnteredOnlyByToken(tx, secret, token)))
    await addDestinations(tx, author, secret, [tokenServer], "destination.allow");
}

/** The version that a candidate replaces. */
async function baseOf(tx: Tx, { id: secretId, version }: SecretWithAuthors): Promise<number> {
  const { baseVersion } = await tx.secretCandidate.findUniqueOrThrow({
    where: { secretId_number: { secretId, number: -version } },
    select: { baseVersion: true },
  });
  return baseVersion;
}

type EntryLink = { destinations: string[]; isByAdmin: boolean; createdAt: Date };

/** The entry link that this version was entered with; null for a version of a person. */
async function linkOf(
  tx: Tx,
  { id: secretId, fabricId, version }: SecretWithAuthors,
  authorId: string,
): Promise<EntryLink | null> {
  return tx.entryLink.findFirst({
    where: { id: authorId, fabricId, use: { secretId, version } },
    select: { destinations: true, isByAdmin: true, createdAt: true },
  });
}

/**
 * Allows the destinations that the person with the link was shown, without those that an Admin has removed since. In a
 * fabric that is locked now, only an Admin's link allows any.
 */
async function allowShown(
  tx: Tx,
  author: Author,
  secret: SecretWithAuthors,
  { destinations: shown, isByAdmin, createdAt: since }: EntryLink,
): Promise<void> {
  const destinations = await notRemovedSince(tx, author.fabricId, { secretId: secret.id, since }, shown);
  if (destinations.length === 0) return;
  const isLocked = (await getDestinationRule(author)) === "locked";
  if (isLocked && !isByAdmin) return;
  await addDestinations(tx, author, secret, destinations, "destination.allow", {
    details: { reason: "link" },
  });
}

/** The token server of the Auth URL, if this version set the Auth URL; otherwise null. */
function enteredTokenServer({ manifest, version, metadata }: SecretWithAuthors): string | null {
  return manifest.authUrl === version ? tokenServerOf(metadata) : null;
}

/**
 * Returns those of the kept destinations that the former version still has. For each, the value names the
 * connections for which an upgrade allowed it unreviewed.
 */
async function keptDestinations(
  tx: Tx,
  secretId: string,
  formerVersion: number,
  keptIds: string[],
): Promise<Map<string, string | null>> {
  // Compare destinations, not ids: the kept ids may belong to an older version.
  const chosen = await tx.allowedDestination.findMany({
    where: { id: { in: keptIds }, secretId },
    select: { destination: true },
  });
  const rows = await tx.allowedDestination.findMany({
    where: { secretId, version: formerVersion, destination: { in: chosen.map((one) => one.destination) } },
    orderBy: { id: "asc" },
    select: { destination: true, toReview: true },
  });
  return new Map(rows.map(({ destination, toReview }) => [destination, toReview]));
}

/**
 * Finds the last settled version, and the ids of the destinations kept since then. When the same person
 * replaced a value twice before automate settled the first, only destinations kept both times remain.
 */
async function lastSettled(
  tx: Tx,
  { id: secretId, version }: SecretWithAuthors,
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
export function isEnteredOnlyBy({ manifest, enteredBy }: SecretWithAuthors, personId: string): boolean {
  return Object.values(manifest).every((version) => enteredBy.get(version) === personId);
}
