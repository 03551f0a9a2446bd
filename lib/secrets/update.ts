import "server-only";
import { type AuditEntry, record } from "@/lib/audit/record";
import { allOrNothing } from "@/lib/db/all-or-nothing";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { ifMatchSatisfied } from "@/lib/if-match";
import { askAfterCommit } from "@/lib/internal-api/client";
import { fail, NotFound, ok, type Result } from "@/lib/result";
import {
  enteredDate,
  findOwnerByEmail,
  notAMember,
  setExpiry,
  setOwner,
} from "@/lib/secrets/expiry-and-owner";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import { freeTrashedName, nameTaken } from "@/lib/secrets/names";
import { manifestOf } from "@/lib/secrets/queries";
import type { ReplaceSecretInput, SecretMetadata, UpdateSecretInput } from "@/lib/secrets/schema";
import { secretEtag } from "@/lib/secrets/schema";
import { sealFields, sealingKey, sealingToNewestKey } from "@/lib/secrets/sealing";
import { storeNewVersion } from "@/lib/secrets/versions";
import {
  editor,
  entry,
  expiryColumns,
  fileTooLarge,
  lockSecret,
  manifestFor,
  metadataOf,
  type ValueWriter,
  type Writer,
} from "@/lib/secrets/write";

type Locked = Awaited<ReturnType<typeof lockSecret>>;
type Replacement = Pick<ReplaceSecretInput, "subKind" | "fields" | "fileName"> & {
  expiresAt?: string | undefined;
};

/** Stores a new version that sets the given fields. Other fields keep the version that last set them. */
export async function replaceSecret(
  scope: Writer,
  input: ReplaceSecretInput,
  idempotent?: IdempotentRequest,
): Promise<Result<{ version: number; destinationsKept: boolean }, "conflict" | "too_large">> {
  const failure = fileTooLarge(input);
  if (failure) return failure;
  const { secretId, expectedVersion, destinationIds } = input;
  const replaced = await sealingToNewestKey(() =>
    db.$transaction(async (tx) => {
      const secret = await lockSecret(tx, scope, secretId);
      const current = await lastVersion(tx, secretId);
      if (current.version !== expectedVersion) return fail("conflict");
      const version = await addVersion(tx, scope, secret, current, input, destinationIds);
      await reserve(tx, idempotent, String(version));
      return ok(version);
    }),
  );
  if (!replaced.ok) return replaced;
  const destinationsKept = await settleKept(scope, input, destinationIds);
  return ok({ version: replaced.value, destinationsKept });
}

/** The result of `replaceSecret` for a version that an earlier attempt of the same form stored. */
export async function replayedResult(scope: Writer, version: string, input: ReplaceSecretInput) {
  return ok({
    version: Number(version),
    destinationsKept: await settleKept(scope, input, input.destinationIds),
  });
}

/**
 * Renames a secret. References use its id. Pipelines can still read it by the old name, which stays taken.
 */
export async function renameSecret(
  scope: Writer,
  { secretId, name }: { secretId: string; name: string },
): Promise<Result<null, "name_taken">> {
  return unlessTaken(scope, name, async (tx) => {
    await rename(tx, scope, await lockSecret(tx, scope, secretId), name);
    return ok(null);
  });
}

/** Changes the description, not the value. */
export async function describeSecret(
  scope: Writer,
  { secretId, description }: { secretId: string; description: string },
): Promise<Result<null, never>> {
  await db.$transaction(async (tx) =>
    setDescription(tx, scope, await lockSecret(tx, scope, secretId), description),
  );
  return ok(null);
}

/**
 * Changes name, description and value together, or nothing; absent members stay unchanged. Returns `changed`
 * when `ifMatch` is not the current entity tag.
 * With `keepDestinations`, the new value may go to the former value's destinations if one person entered all
 * of it. Otherwise, or when automate does not answer, `destinationsKept` is false.
 */
export async function updateSecret(
  scope: Writer,
  input: UpdateSecretInput,
  idempotent?: IdempotentRequest,
): Promise<
  Result<
    { id: string; tag: string; destinationsKept: boolean },
    "name_taken" | "too_large" | "changed" | "wrong_type" | "not_a_member"
  >
> {
  const { secretId, name, description, replacement, ifMatch } = input;
  const failure = replacement && fileTooLarge(replacement);
  if (failure) return failure;
  const destinationIds =
    replacement && input.keepDestinations ? await keptDestinationIds(scope, secretId) : [];
  const updated = await unlessTaken(scope, name ?? "", async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    const current = await lastVersion(tx, secretId);
    if (!ifMatchSatisfied(ifMatch, secretEtag({ ...secret, version: current.version })))
      return fail("changed");
    if (secret.subKind !== input.subKind) return fail("wrong_type");
    const owner = await findOwnerByEmail(tx, scope, input.owner);
    if (owner === "not_a_member") return notAMember();
    if (name !== undefined && name !== secret.name) await rename(tx, scope, secret, name);
    if (description !== undefined && description !== secret.description)
      await setDescription(tx, scope, { ...secret, name: name ?? secret.name }, description);
    const entered = { expiresAt: enteredDate(secret, input.expiresAt) ?? undefined };
    const version = replacement
      ? await addVersion(tx, scope, secret, current, { ...replacement, ...entered }, destinationIds)
      : current.version;
    if (!replacement && input.expiresAt !== undefined) await setExpiry(tx, scope, secret, input.expiresAt);
    if (owner !== undefined) await setOwner(tx, scope, secret, owner);
    await reserve(tx, idempotent, secretId);
    // Reads the tag inside the transaction: nothing after the commit may fail.
    const { updatedAt } = await lockSecret(tx, scope, secretId);
    return ok({ version, tag: secretEtag({ version, updatedAt }) });
  });
  if (!updated.ok) return updated;
  const destinationsKept = !replacement || (await settleKept(scope, input, destinationIds));
  return ok({ id: secretId, tag: updated.value.tag, destinationsKept });
}

/**
 * Stores a new version within the caller's transaction and returns its number. `keeps` lists the former
 * version's destinations that it keeps.
 */
export async function replaceWithin(
  tx: Tx,
  scope: ValueWriter,
  secretId: string,
  replacement: Replacement,
  keeps: readonly string[],
): Promise<number> {
  const secret = await lockSecret(tx, scope, secretId);
  return addVersion(tx, scope, secret, await lastVersion(tx, secretId), replacement, keeps);
}

/** The newest version of a secret. The caller has locked the secret. */
export function lastVersion(tx: Tx, secretId: string) {
  return tx.secretVersion.findFirstOrThrow({
    where: { secretId },
    orderBy: { version: "desc" },
    select: { version: true, manifest: true, metadata: true },
  });
}

function addVersion(
  tx: Tx,
  scope: ValueWriter,
  secret: Locked,
  current: Awaited<ReturnType<typeof lastVersion>>,
  input: Replacement,
  /** Ids of the former version's destinations that the new version keeps. */
  keeps: readonly string[],
): Promise<number> {
  return storeReplacement(tx, scope, { secret, current, input, keeps, as: nextVersion });
}

/** A replacement to store: what it replaces, and as which version, with which event. */
export type ReplacementToStore = {
  secret: Locked;
  current: Awaited<ReturnType<typeof lastVersion>>;
  input: Replacement;
  keeps: readonly string[];
  as: (currentVersion: number) => { version: number; action: AuditEntry["action"] };
};

const nextVersion: ReplacementToStore["as"] = (currentVersion) => ({
  version: currentVersion + 1,
  action: "secret.replace",
});

/**
 * Seals the fields of a replacement and stores them as a version, which is a candidate if its number is negative.
 * Returns the number.
 */
export async function storeReplacement(
  tx: Tx,
  scope: ValueWriter,
  { secret, current, input, keeps, as }: ReplacementToStore,
): Promise<number> {
  const { fields, subKind } = input;
  if (secret.subKind !== subKind) throw new NotFound("The secret has another type.");
  const { version, action } = as(current.version);
  const key = await sealingKey(scope.fabricId, tx);
  const sealed = await sealFields(key, { secretId: secret.id, subKind, version }, fields);
  const cleared = Object.entries(fields).flatMap(([field, value]) => (value === null ? [field] : []));
  const unchanged = Object.entries(manifestOf(current.manifest)).filter(
    ([field]) => !cleared.includes(field),
  );
  const metadata = metadataOf(input, current.metadata as SecretMetadata);
  await storeNewVersion(tx, scope, {
    secretId: secret.id,
    version,
    manifest: { ...Object.fromEntries(unchanged), ...manifestFor(sealed, version) },
    metadata,
    keeps,
    sealed,
    event: entry(scope, action, secret, { version, fields: sealed.map(({ field }) => field) }),
  });
  // A candidate says when it expires once it is current.
  const data = { ...editor(scope), ...expiryColumns(metadata, input.expiresAt) };
  if (version > 0) await tx.secret.update({ where: { id: secret.id }, data, select: { id: true } });
  return version;
}

async function rename(tx: Tx, scope: Writer, { id, name: from }: Locked, name: string): Promise<void> {
  const nameKey = name.toLowerCase();
  const { fabricId } = scope;
  await tx.secretName.updateMany({
    where: { fabricId, secretId: id, retiredAt: null },
    data: { retiredAt: new Date() },
  });
  // A secret may take back its own former name, but not another secret's.
  const restored = await tx.secretName.updateMany({
    where: { fabricId, nameKey, secretId: id },
    data: { name, retiredAt: null },
  });
  if (restored.count === 0) {
    await freeTrashedName(tx, scope, nameKey);
    await tx.secretName.create({
      data: { fabricId, nameKey, name, secretId: id },
      select: { secretId: true },
    });
  }
  await tx.secret.update({
    where: { id },
    data: { name, nameKey, ...editor(scope) },
    select: { id: true },
  });
  await record(tx, entry(scope, "secret.rename", { id, name }, { from, to: name }));
}

async function setDescription(tx: Tx, scope: Writer, secret: Locked, description: string): Promise<void> {
  await tx.secret.update({
    where: { id: secret.id },
    data: { description, ...editor(scope) },
    select: { id: true },
  });
  await record(tx, entry(scope, "secret.describe", secret));
}

async function unlessTaken<T, Code extends string>(
  scope: Writer,
  name: string,
  run: (tx: Tx) => Promise<Result<T, Code>>,
): Promise<Result<T, Code | "name_taken">> {
  try {
    return await sealingToNewestKey(() => allOrNothing(run));
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken(scope, name);
    throw error;
  }
}

/**
 * Ids of the current value's destinations that a new value keeps when the caller sees no list of them, as in
 * the documented PUT.
 *
 * It omits destinations that a colleague allowed for a value that they entered completely. They could enter a
 * value only to allow their own server, and would receive the next value there. It keeps those that the caller,
 * an Admin or the secret's creator allowed, and those of a value with a field that the allower did not enter.
 */
export async function keptDestinationIds(
  { fabricId, teamId, actor }: Pick<Writer, "fabricId" | "teamId" | "actor">,
  secretId: string,
  /** Returns only ids of these destinations. */
  among?: readonly string[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string; destination: string }[]>`
    SELECT a.id, a.destination FROM allowed_destination a
    JOIN secret s ON s.id = a."secretId"
    CROSS JOIN LATERAL (
      SELECT version, "createdById" FROM allowed_destination
      WHERE "secretId" = a."secretId" AND destination = a.destination AND version > 0 ORDER BY version LIMIT 1
    ) first
    JOIN secret_version v ON v."secretId" = a."secretId" AND v.version = first.version
    WHERE a."secretId" = ${secretId} AND a."fabricId" = ${fabricId}
      AND a.version = (SELECT max(version) FROM allowed_destination WHERE "secretId" = ${secretId} AND version > 0)
      AND (first."createdById" IN (${actor.id}, s."createdById")
        OR EXISTS (
          SELECT 1 FROM membership m
          WHERE m."userId" = first."createdById" AND m."teamId" = ${teamId} AND m.role = 'admin')
        OR EXISTS (
          SELECT 1 FROM jsonb_each_text(v.manifest) AS set_in(field, version)
          WHERE first."createdById" IS DISTINCT FROM (
            SELECT entered."createdById" FROM secret_version entered
            WHERE entered."secretId" = v."secretId" AND entered.version = set_in.version::int)))`;
  return rows.flatMap(({ id, destination }) => (among?.includes(destination) === false ? [] : [id]));
}

/** False when a new version should have kept destinations but has none. */
async function settleKept(
  scope: Writer,
  { secretId, subKind }: { secretId: string; subKind: SubKind },
  keeps: readonly string[],
): Promise<boolean> {
  const hasDestinations = keeps.length > 0 || secretKinds[subKind].givesTokens;
  const isAnyAllowed = hasDestinations && (await settleDestinations(scope, secretId));
  return isAnyAllowed || keeps.length === 0;
}

/**
 * Asks automate to settle the current version's destinations. Returns true when any destination is allowed
 * now.
 * Runs after the commit. If it fails, automate settles them at the version's first use, from the same stored
 * data.
 */
export async function settleDestinations(scope: Writer, secretId: string): Promise<boolean> {
  const settled = await askAfterCommit(scope, "destination:settle", { secretId });
  return settled !== null && settled.allowed > 0;
}
