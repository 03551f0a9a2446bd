import { findCandidate, lockCandidate, type StoredCandidate } from "@/automate/candidates/open-candidate";
import { actFor } from "@/automate/http/act-for";
import { lockVersionRule } from "@/automate/secrets/purge-versions";
import { settleCandidate } from "@/automate/secrets/settle-version";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { candidatePrefix, verdictOf } from "@/lib/candidates/schema";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { Prisma, type Tx } from "@/lib/db/client";
import type { PromoteProblem } from "@/lib/internal-api/bodies/candidate";
import { NotFound } from "@/lib/result";
import { manifestOf } from "@/lib/secrets/queries";
import type { SecretMetadata } from "@/lib/secrets/schema";
import { expiryColumns, lockSecret } from "@/lib/secrets/write";

/** Who promotes: a person, or Selvage's own rotation. */
export type Promoter = Pick<Scope<"secret:write">, "fabricId" | "teamId" | "actor">;

/** A candidate. `accepted` are connections that did not pass: the promoter was shown that they may break. */
export type Promotion = { secretId: string; number: number; accepted: readonly string[] };

/**
 * Makes a candidate the current version, or returns why it cannot. One transaction inserts the version, moves the
 * candidate's allowed destinations to it, closes the candidate and records the event. No value is opened or stored: the
 * version's manifest names the candidate's fields.
 *
 * Each connection that uses the secret must have passed with the candidate, or be one of `accepted`.
 * Throws `NotFound`.
 */
export async function promoteCandidate(
  promoter: Promoter,
  { secretId, number, accepted }: Promotion,
): Promise<{ version: number } | PromoteProblem> {
  // A candidate that was never checked may not be settled.
  const candidate = await findCandidate(promoter, secretId, number);
  if (!candidate) throw new NotFound("New value not found.");
  const closed = closedProblem(candidate);
  if (closed) return closed;
  await settleCandidate(promoter.fabricId, secretId, number);
  return actFor(promoter.actor, (tx) => promoteWithin(tx, promoter, { secretId, number, accepted }));
}

function closedProblem({
  outcome,
  closedByName,
  isExpired,
  baseVersion,
  currentVersion,
  currentByName,
}: StoredCandidate): PromoteProblem | null {
  if (outcome === "promoted" || outcome === "discarded") return { problem: outcome, by: closedByName ?? "" };
  if (baseVersion !== currentVersion)
    return { problem: "outdated", by: currentByName, version: currentVersion };
  return outcome !== null || isExpired ? { problem: "expired", by: "" } : null;
}

async function promoteWithin(
  tx: Tx,
  promoter: Promoter,
  { secretId, number, accepted }: Promotion,
): Promise<{ version: number } | PromoteProblem> {
  const { fabricId, teamId, actor } = promoter;
  // Until the transaction ends, no purge deletes the candidate, and nobody else replaces the value.
  await lockVersionRule(tx, fabricId);
  const secret = await lockSecret(tx, promoter, secretId);
  const candidate = await lockCandidate(tx, promoter, secretId, number);
  if (!candidate) throw new NotFound("New value not found.");
  const closed = closedProblem(candidate);
  if (closed) return closed;
  const breaking = await notPassed(tx, { fabricId, secretId, number });
  const unaccepted = breaking.filter(({ id }) => !accepted.includes(id));
  if (unaccepted.length > 0)
    return { problem: "unaccepted", connections: unaccepted.map(({ id, name }) => ({ id, name })) };

  const stored = await tx.secretVersion.findUniqueOrThrow({
    where: { secretId_version: { secretId, version: -number } },
    select: { manifest: true, metadata: true, createdById: true, createdByName: true },
  });
  const version = candidate.currentVersion + 1;
  const expiry = expiryColumns(stored.metadata as SecretMetadata, candidate.valueExpiresAt);
  await insertVersion(tx, promoter, { secret, version, origin: -number, stored, expiry });
  await moveDestinations(tx, fabricId, { secretId, from: -number, to: version });
  // Its row says who entered the fields, and is no version that can be read.
  await tx.$executeRaw`
    UPDATE secret_version SET "purgedAt" = now() WHERE "secretId" = ${secretId} AND version = ${-number}`;
  await tx.secretCandidate.update({
    where: { secretId_number: { secretId, number } },
    data: {
      outcome: "promoted",
      promotedVersion: version,
      formerExpiresAt: secret.expiresAt,
      formerExpirySource: secret.expirySource,
      closedAt: new Date(),
      closedByName: actor.name,
    },
    select: { number: true },
  });
  const fields = Object.entries(manifestOf(stored.manifest)).flatMap(([field, setIn]) =>
    setIn === -number ? [field] : [],
  );
  const isRefusal = (one: NotPassed) =>
    verdictOf(one.ok === null ? null : { ok: one.ok, code: one.code }) === "refused";
  const refusedBy = breaking.filter(isRefusal).map(({ name }) => name);
  const untried = breaking.filter((one) => !isRefusal(one)).map(({ name }) => name);
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "secret.promote",
    object: { kind: "secret", id: secretId, name: secret.name },
    details: {
      ...{ version, candidate: number, fields },
      ...(refusedBy.length > 0 && { refusedBy }),
      ...(untried.length > 0 && { untried }),
    },
  });
  return { version };
}

/** A connection with its check of the candidate; null for one that was not checked with its present settings. */
type NotPassed = { id: string; name: string; ok: boolean | null; code: CheckCode | null };

/** The connections that use the secret and have not passed with the candidate, with their present settings, by name. */
function notPassed(
  tx: Tx,
  { fabricId, secretId, number }: { fabricId: string; secretId: string; number: number },
): Promise<NotPassed[]> {
  return tx.$queryRaw`
    SELECT c.id, c.name, k.ok, k.code FROM connection c
    LEFT JOIN candidate_check k ON k."secretId" = ${secretId} AND k.number = ${number} AND k."connectionId" = c.id
      AND k."configHash" = c."configHash"
    WHERE c."fabricId" = ${fabricId}
      AND EXISTS (SELECT FROM connection_secret r WHERE r."connectionId" = c.id AND r."secretId" = ${secretId})
      AND k.ok IS NOT TRUE
    ORDER BY c."nameKey"`;
}

/** The parts of a version whose value another version takes over. Its author stays the value's author. */
type Stored = {
  manifest: Prisma.JsonValue;
  metadata: Prisma.JsonValue;
  createdById: string;
  createdByName: string;
};

/** Stores a version that has the value of `origin`, already settled, and notes who made it current. */
export async function insertVersion(
  tx: Tx,
  { fabricId, actor }: Promoter,
  {
    secret: { id: secretId, expiresAt: formerExpiresAt, expirySource: formerExpirySource },
    version,
    origin,
    stored,
    expiry,
  }: {
    /** The secret with its expiry before the change. */
    secret: { id: string; expiresAt: Date; expirySource: string };
    version: number;
    origin: number;
    stored: Stored;
    expiry: { expiresAt: Date; expirySource: string };
  },
): Promise<void> {
  const { manifest, metadata, createdById, createdByName } = stored;
  const values = { manifest: manifest ?? Prisma.JsonNull, metadata: metadata ?? Prisma.JsonNull };
  await tx.secretVersion.create({
    data: {
      ...{ secretId, version, fabricId, ...values, createdById, createdByName },
      ...{ formerExpiresAt, formerExpirySource },
    },
    select: { version: true },
  });
  // A snooze is about the expiry of the former value.
  await tx.snooze.deleteMany({ where: { topic: "secret.expires", objectId: secretId } });
  await tx.settledVersion.create({
    data: { secretId, version, fabricId, origin, madeCurrentByName: actor.name },
    select: { version: true },
  });
  await tx.secret.update({
    where: { id: secretId },
    data: {
      updatedAt: new Date(),
      updatedById: actor.id,
      updatedByName: actor.name,
      isReplaced: true,
      ...expiry,
    },
    select: { id: true },
  });
}

/**
 * Moves a candidate's allowed and requested destinations to the version that it became, and for other secrets the
 * destinations that name it as their certificate authority.
 */
async function moveDestinations(
  tx: Tx,
  fabricId: string,
  { secretId, from, to }: { secretId: string; from: number; to: number },
): Promise<void> {
  await tx.allowedDestination.updateMany({ where: { secretId, version: from }, data: { version: to } });
  await tx.settledVersion.deleteMany({ where: { secretId, version: from } });
  const [before, after] = [`ca=${secretId}.${from}`, `ca=${secretId}.${to}`];
  await tx.$executeRaw`
    UPDATE allowed_destination
    SET destination = left(destination, -${before.length}::int) || ${after}
    WHERE "fabricId" = ${fabricId} AND right(destination, ${before.length}::int) = ${before}`;
  // Requests for the candidate become requests for the version.
  const prefix = candidatePrefix(secretId, -from);
  await tx.$executeRaw`
    UPDATE destination_request
    SET version = CASE "secretId" WHEN ${secretId} THEN ${to}::int ELSE version END,
      "configHash" = substr("configHash", ${prefix.length + 1}::int),
      destinations = ARRAY(
        SELECT CASE right(d, ${before.length}::int) WHEN ${before}
          THEN left(d, -${before.length}::int) || ${after} ELSE d END
        FROM unnest(destinations) AS d)
    WHERE "fabricId" = ${fabricId} AND starts_with("configHash", ${prefix})`;
}

/** Deletes the destinations of a candidate that was not promoted, and the requests for them. */
export async function deleteDestinations(
  tx: Tx,
  fabricId: string,
  { secretId, number }: { secretId: string; number: number },
): Promise<void> {
  const named = `ca=${secretId}.${-number}`;
  await tx.$executeRaw`
    DELETE FROM allowed_destination
    WHERE "fabricId" = ${fabricId} AND (("secretId" = ${secretId} AND version = ${-number})
      OR right(destination, ${named.length}::int) = ${named})`;
  await tx.settledVersion.deleteMany({ where: { secretId, version: -number } });
  await tx.destinationRequest.deleteMany({
    where: { fabricId, configHash: { startsWith: candidatePrefix(secretId, number) } },
  });
}
