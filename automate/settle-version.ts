import { type Author, addDestinations } from "@/automate/add-destinations";
import { type CurrentSecret, findSecretById } from "@/automate/current-secret";
import { isAllByToken, tokenOfVersion } from "@/automate/entered-recently";
import { freshForMs } from "@/lib/access/policy";
import { sentKey } from "@/lib/connectors/destination";
import { tokenServerOf } from "@/lib/connectors/joined";
import { db, type Tx } from "@/lib/db";
import { getDestinationRule } from "@/lib/destinations/queries";

// See docs/decisions/0003 and 0016: a version brings destinations along when one person entered all of it.

const settling = new Map<string, Promise<void>>();

/**
 * Allows, once, the destinations that the current version of a secret brings along, in its author's name: those of the former
 * version that its author keeps, and the token server of an Auth URL that they entered with it. Nothing where somebody else entered
 * a part.
 */
export function settleVersion(fabricId: string, secretId: string): Promise<void> {
  // Many pipelines read a new value at once: they wait for one transaction, and not each in one of its own.
  const known = settling.get(secretId);
  // It may have begun before the version was stored that this caller found.
  if (known) return known.then(() => settle(fabricId, secretId));
  const settled = settle(fabricId, secretId).finally(() => settling.delete(secretId));
  settling.set(secretId, settled);
  return settled;
}

async function settle(fabricId: string, secretId: string): Promise<void> {
  const secret = await findSecretById({ fabricId }, secretId);
  if (!secret) return;
  const key = { secretId, version: secret.version };
  const known = await db.settledVersion.findUnique({
    where: { secretId_version: key },
    select: { version: true },
  });
  if (known) return;
  await db.$transaction(async (tx) => {
    const data = [{ ...key, fabricId }];
    const { count } = await tx.settledVersion.createMany({ data, skipDuplicates: true });
    if (count === 1) await bringAlong(tx, secret);
  });
}

async function bringAlong(tx: Tx, secret: CurrentSecret): Promise<void> {
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
  if (!isAllBy(secret, row.createdById)) return;
  const { teamId } = row.secret.fabric;
  const tokenId = await tokenOfVersion(tx, secret, row.createdById);
  const since = new Date(row.createdAt.getTime() - freshForMs);
  // A script sends where it likes only what it entered itself: a token may be stolen, and its owner's values older than that.
  const isTheirs = async (one: CurrentSecret) =>
    isAllBy(one, row.createdById) &&
    (tokenId === null || (await isAllByToken(tx, one, { id: tokenId, ownerId: row.createdById, since })));
  const actor = { kind: "user", id: row.createdById, name: row.createdByName } as const;
  const author = { fabricId, teamId, actor };
  const { from, keeps } = await lastDecided(tx, secret, row);
  // By what they say: their author may have looked before the former version had its own.
  const chosen = await tx.allowedDestination.findMany({
    where: { id: { in: keeps }, secretId },
    select: { destination: true },
  });
  const former = await tx.allowedDestination.findMany({
    where: { secretId, version: from, destination: { in: chosen.map((one) => one.destination) } },
    orderBy: { id: "asc" },
    select: { destination: true, toReview: true },
  });
  const kept = former.map(({ destination }) => destination);
  const toReview = new Map(former.map((row) => [row.destination, row.toReview]));
  if (kept.length > 0) await addDestinations(tx, author, secret, kept, "destination.carry", { toReview });
  const isAuthority = subKind === "binary" || subKind === "text";
  const isRenewal = tokenId === null && enteredBy.get(from) === actor.id;
  if (isAuthority && kept.length > 0)
    await carryAuthority(tx, author, secret, { from, kept: new Set(kept), isRenewal, isTheirs });
  const tokenServer = tokenServerOf(facts);
  const isNewServer = manifest.authUrl === version && tokenServer !== null && !kept.includes(tokenServer);
  if (isNewServer && (await isTheirs(secret)))
    await addDestinations(tx, author, secret, [tokenServer], "destination.allow");
}

/**
 * The last version before this one whose destinations are decided, and what is kept of it. A value that was replaced again before
 * automate saw the first replacement, by the same person, keeps what they kept both times.
 */
async function lastDecided(
  tx: Tx,
  { id: secretId, version }: CurrentSecret,
  { keeps, createdById }: { keeps: string[]; createdById: string },
): Promise<{ from: number; keeps: string[] }> {
  let kept = keeps;
  for (let from = version - 1; ; from -= 1) {
    const place = { secretId, version: from };
    const before = await tx.secretVersion.findUnique({
      where: { secretId_version: place },
      select: { keeps: true, createdById: true },
    });
    const isDecided =
      (await tx.settledVersion.count({ where: place })) +
        (await tx.allowedDestination.count({ where: place })) >
      0;
    if (isDecided || before?.createdById !== createdById) return { from, keeps: kept };
    kept = kept.filter((id) => before.keeps.includes(id));
  }
}

/** True when one person entered every field of this version. */
export function isAllBy({ manifest, enteredBy }: CurrentSecret, personId: string): boolean {
  return Object.values(manifest).every((version) => enteredBy.get(version) === personId);
}

/** The version that a certificate authority follows, and where that was allowed and goes on to be. */
type Renewal = {
  from: number;
  kept: ReadonlySet<string>;
  isRenewal: boolean;
  isTheirs: (secret: CurrentSecret) => Promise<boolean>;
};

/**
 * Other secrets are allowed at a destination that a certificate authority vouches for; its new version is another authority.
 * Those allowances go on where the authority's own author renewed it in the app. Somebody else, or a stolen access token, could
 * enter an authority of theirs, and stand in for the server: they take along only what they entered all of themselves, and in a
 * locked fabric not even that.
 */
async function carryAuthority(
  tx: Tx,
  author: Author,
  { id, version }: CurrentSecret,
  { from: formerVersion, kept, isRenewal, isTheirs }: Renewal,
): Promise<void> {
  const { fabricId } = author;
  const [from, to] = [`ca=${id}.${formerVersion}`, `ca=${id}.${version}`];
  const rows = await tx.$queryRaw<{ secretId: string; destination: string; toReview: string | null }[]>`
    SELECT a."secretId", a.destination, a."toReview" FROM allowed_destination a
    WHERE a."fabricId" = ${fabricId} AND right(a.destination, ${from.length}::int) = ${from}
      AND a.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = a."secretId")
    ORDER BY a."secretId", a.destination`;
  const rule = isRenewal ? null : await getDestinationRule({ fabricId }, tx);
  const going = rows.filter(({ destination }) => kept.has(sentKey(destination.slice(0, -from.length - 1))));
  for (const secretId of new Set(going.map((row) => row.secretId))) {
    const secret = await findSecretById({ fabricId }, secretId, tx);
    if (!secret || !(isRenewal || (rule !== "locked" && (await isTheirs(secret))))) continue;
    const renamed = going
      .filter((row) => row.secretId === secretId)
      .map(
        ({ destination, ...row }) => [`${destination.slice(0, -from.length)}${to}`, row.toReview] as const,
      );
    const toReview = new Map(renamed);
    await addDestinations(tx, author, secret, [...toReview.keys()], "destination.carry", { toReview });
  }
}
