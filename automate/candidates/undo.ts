import { insertVersion, type Promoter } from "@/automate/candidates/promote";
import type { PreparedCheck } from "@/automate/checks/prepare-check";
import { actFor } from "@/automate/http/act-for";
import { lockVersionRule } from "@/automate/secrets/purge-versions";
import { lockDestinations, notRemovedSince } from "@/automate/secrets/remove-destination";
import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { areEvents } from "@/lib/audit/find-events";
import { record } from "@/lib/audit/record";
import { type Db, db, type Prisma, type Tx } from "@/lib/db/client";
import type { UndoProblem } from "@/lib/internal-api/bodies/candidate";
import { manifestOf } from "@/lib/secrets/queries";
import { type SecretMetadata, undoHours } from "@/lib/secrets/schema";
import { expiryColumns, lockSecret } from "@/lib/secrets/write";

/**
 * Brings back the value before the current one, or says why not. One transaction inserts a version whose manifest names
 * the former fields, and allows for it the destinations of the former version, without those that an Admin has removed
 * since. An undo can be undone in the same way.
 *
 * The former value stays for a day after its replacement, and longer where the fabric keeps former versions.
 * Throws `NotFound`.
 */
export async function undoReplacement(
  promoter: Promoter,
  { secretId, expectedVersion }: { secretId: string; expectedVersion: number },
): Promise<{ version: number } | UndoProblem> {
  await settleVersion(promoter.fabricId, secretId);
  return actFor(promoter.actor, (tx) => undoWithin(tx, promoter, secretId, expectedVersion));
}

/**
 * Returns the secret at the value that an undo would bring back, so that it can be tried before; null when the fabric no
 * longer keeps it. It may go where its own version is allowed, see also `sendsWhereUndoWouldNot`.
 */
export async function findFormerSecret(
  scope: Scope<"connection:check">,
  secretId: string,
): Promise<SecretWithAuthors | null> {
  await settleVersion(scope.fabricId, secretId);
  const secret = await findSecretById(scope, secretId);
  const current = secret && (await newest(db, secretId));
  const former = current && (await findFormer(db, scope.fabricId, secretId, current));
  if (!former) return null;
  const { version, manifest, metadata } = former;
  return { ...secret, version, manifest: manifestOf(manifest), metadata: metadata as SecretMetadata };
}

/**
 * True when a check would send the former value where an Admin has removed the destination since its replacement. Such a
 * removal deletes the former version's allowances, too, but in earlier releases it did not.
 */
export async function sendsWhereUndoWouldNot(
  { fabricId }: Scope<"connection:check">,
  { id: secretId, version }: SecretWithAuthors,
  { openings }: Pick<PreparedCheck, "openings">,
): Promise<boolean> {
  const sent = openings.flatMap(({ opening }) =>
    opening.secret.id === secretId ? [...opening.destinations] : [],
  );
  const { createdAt: since } = await db.secretVersion.findUniqueOrThrow({
    where: { secretId_version: { secretId, version: version + 1 } },
    select: { createdAt: true },
  });
  return (await notRemovedSince(db, fabricId, { secretId, since }, sent)).length < sent.length;
}

async function undoWithin(
  tx: Tx,
  promoter: Promoter,
  secretId: string,
  expectedVersion: number,
): Promise<{ version: number } | UndoProblem> {
  const { fabricId, teamId, actor } = promoter;
  await lockDestinations(tx, fabricId, "carry");
  // No purge deletes the former value until the transaction ends.
  await lockVersionRule(tx, fabricId);
  const secret = await lockSecret(tx, promoter, secretId);
  const current = await newest(tx, secretId);
  if (!current) return { problem: "too_late" };
  if (current.version !== expectedVersion)
    return { problem: "changed", by: current.byName, version: current.version };
  const former = await findFormer(tx, fabricId, secretId, current);
  if (!former) return { problem: "too_late" };
  const version = current.version + 1;
  await insertVersion(tx, promoter, {
    secret,
    version,
    origin: former.origin ?? former.version,
    stored: former,
    expiry: current.formerExpiresAt
      ? { expiresAt: current.formerExpiresAt, expirySource: current.formerExpirySource ?? "" }
      : carriedBy(former),
  });
  await copyDestinations(tx, fabricId, {
    secretId,
    former: former.version,
    current: current.version,
    version,
  });
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "secret.undo",
    object: { kind: "secret", id: secretId, name: secret.name },
    details: { version, from: current.version, to: former.version },
  });
  return { version };
}

type Current = {
  version: number;
  byName: string;
  isRecent: boolean;
  formerExpiresAt: Date | null;
  formerExpirySource: string | null;
};

async function newest(tx: Db | Tx, secretId: string): Promise<Current | undefined> {
  const [row] = await tx.$queryRaw<Current[]>`
    SELECT v.version, coalesce(s."madeCurrentByName", v."createdByName") AS "byName",
      v."formerExpiresAt", v."formerExpirySource",
      v."createdAt" > now() - make_interval(hours => ${undoHours}::int) AS "isRecent"
    FROM secret_version v LEFT JOIN settled_version s USING ("secretId", version)
    WHERE v."secretId" = ${secretId} ORDER BY v.version DESC LIMIT 1`;
  return row;
}

type Former = {
  version: number;
  origin: number | null;
  manifest: Prisma.JsonValue;
  metadata: Prisma.JsonValue;
  createdById: string;
  createdByName: string;
};

/** The version before the current one, while all of its fields are stored and may be used. */
async function findFormer(
  tx: Db | Tx,
  fabricId: string,
  secretId: string,
  { version, isRecent }: Current,
): Promise<Former | undefined> {
  const [former] = await tx.$queryRaw<Former[]>`
    SELECT v.version, s.origin, v.manifest, v.facts AS metadata, v."createdById", v."createdByName"
    FROM secret_version v LEFT JOIN settled_version s USING ("secretId", version)
    WHERE v."secretId" = ${secretId} AND v.version = ${version - 1} AND v."purgedAt" IS NULL
      AND (${isRecent} OR EXISTS (
        SELECT FROM version_rule r WHERE r."fabricId" = ${fabricId} AND r."formerVersions" > 0))
      AND NOT EXISTS (
        SELECT FROM jsonb_each_text(v.manifest) AS set_in(field, version)
        WHERE NOT EXISTS (
          SELECT FROM secret_field f WHERE f."secretId" = v."secretId" AND f.field = set_in.field
            AND f.version = set_in.version::int))`;
  return former;
}

/** The expiry that the value itself carries. */
function carriedBy({ metadata }: Former) {
  return expiryColumns(metadata as SecretMetadata, null);
}

/**
 * Allows for the new version what is allowed for the former one, with its author and its state of review. What an
 * Admin removed from the version in between stays removed. The same for other secrets that name it as their
 * certificate authority.
 */
async function copyDestinations(
  tx: Tx,
  fabricId: string,
  {
    secretId,
    former,
    current,
    version,
  }: { secretId: string; former: number; current: number; version: number },
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "toReview", "createdAt", "createdById", "createdByName")
    SELECT gen_random_uuid()::text, a."fabricId", a."secretId", ${version}, a.destination, a."toReview", a."createdAt", a."createdById", a."createdByName"
    FROM allowed_destination a
    WHERE a."secretId" = ${secretId} AND a.version = ${former}
      AND NOT EXISTS (
        SELECT FROM audit_event e
        WHERE ${areEvents("object", fabricId, [secretId], ["destination.remove"], "e")}
          AND e.details->>'destination' = a.destination
          AND e.at >= (SELECT "createdAt" FROM secret_version WHERE "secretId" = ${secretId} AND version = ${current}))
    ON CONFLICT DO NOTHING`;
  const [before, after] = [`ca=${secretId}.${former}`, `ca=${secretId}.${version}`];
  await tx.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "toReview", "createdById", "createdByName")
    SELECT gen_random_uuid()::text, a."fabricId", a."secretId", a.version, left(a.destination, -${before.length}::int) || ${after},
      a."toReview", a."createdById", a."createdByName"
    FROM allowed_destination a
    WHERE a."fabricId" = ${fabricId} AND right(a.destination, ${before.length}::int) = ${before}
      AND a.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = a."secretId")
    ON CONFLICT DO NOTHING`;
}
