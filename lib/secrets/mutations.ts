import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Scope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import { askAutomate } from "@/lib/automate/client";
import { db, isUniqueViolation, type Tx } from "@/lib/db";
import { webEnv } from "@/lib/env";
import { Forbidden, fail, NotFound, ok, type Result } from "@/lib/result";
import { factsOfAuthUrl, factsOfFile } from "@/lib/secrets/facts";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { manifestOf } from "@/lib/secrets/queries";
import type { CreateSecretInput, ReplaceSecretInput, SecretFacts } from "@/lib/secrets/schema";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";

type Writer = Scope<"secret:write">;

/** Seals each field to the fabric's key and stores secret, version, fields and audit event, or nothing. */
export async function createSecret(
  scope: Writer,
  input: CreateSecretInput,
): Promise<Result<{ id: string; name: string; subKind: SubKind }, "name_taken" | "too_large">> {
  if (isTooLarge(input)) return fail("too_large", { "fields.value": tooLarge() });
  const { name, subKind, description, fields } = input;
  const id = uuidv7();
  const key = await sealingKey(db, scope.fabricId);
  const sealed = await sealFields(key, { secretId: id, subKind, version: 1 }, fields);
  const { fabricId } = scope;
  const by = author(scope);
  try {
    await db.$transaction(async (tx) => {
      await tx.secret.create({
        data: {
          id,
          fabricId,
          name,
          nameKey: name.toLowerCase(),
          subKind,
          description,
          ...by,
          ...editor(scope),
        },
        select: { id: true },
      });
      await tx.secretName.create({
        data: { fabricId, nameKey: name.toLowerCase(), name, secretId: id },
        select: { secretId: true },
      });
      await tx.secretVersion.create({
        data: {
          secretId: id,
          version: 1,
          fabricId,
          manifest: manifestFor(sealed, 1),
          facts: factsOf(input, {}),
          ...by,
        },
        select: { version: true },
      });
      await tx.secretField.createMany({ data: sealed });
      await record(tx, entry(scope, "secret.create", { id, name }, { subKind }));
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", { name: nameTaken(name) });
    throw error;
  }
  return ok({ id, name, subKind });
}

/** Stores a new version in which the given fields are set; the others keep the version in which they were. */
export async function replaceSecret(
  scope: Writer,
  input: ReplaceSecretInput,
): Promise<Result<{ version: number; carried: boolean }, "conflict" | "too_large">> {
  if (isTooLarge(input)) return fail("too_large", { "fields.value": tooLarge() });
  const { secretId, fields } = input;
  const replaced = await db.$transaction(async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    if (secret.subKind !== input.subKind) throw new NotFound("The secret is of another type.");
    const last = await tx.secretVersion.findFirstOrThrow({
      where: { secretId },
      orderBy: { version: "desc" },
      select: { version: true, manifest: true, facts: true },
    });
    if (last.version !== input.expectedVersion) return fail("conflict");
    const version = last.version + 1;
    const key = await sealingKey(tx, scope.fabricId);
    const sealed = await sealFields(key, { secretId, subKind: input.subKind, version }, fields);
    const cleared = Object.entries(fields).flatMap(([field, value]) => (value === null ? [field] : []));
    const kept = Object.entries(manifestOf(last.manifest)).filter(([field]) => !cleared.includes(field));
    const manifest = { ...Object.fromEntries(kept), ...manifestFor(sealed, version) };
    await tx.secretVersion.create({
      data: {
        secretId,
        version,
        fabricId: scope.fabricId,
        manifest,
        facts: factsOf(input, last.facts as SecretFacts),
        ...author(scope),
      },
      select: { version: true },
    });
    await tx.secretField.createMany({ data: sealed });
    await tx.secret.update({ where: { id: secretId }, data: editor(scope), select: { id: true } });
    await record(
      tx,
      entry(scope, "secret.replace", secret, { version, fields: sealed.map(({ field }) => field) }),
    );
    return ok(version);
  });
  if (!replaced.ok) return replaced;
  return ok({ version: replaced.value, carried: await carryDestinations(scope, input, replaced.value) });
}

/** Gives a secret another name. References are by id; the old name keeps answering pipelines and stays taken. */
export async function renameSecret(
  scope: Writer,
  input: { secretId: string; name: string },
): Promise<Result<null, "name_taken">> {
  const { secretId, name } = input;
  const nameKey = name.toLowerCase();
  const { fabricId } = scope;
  try {
    await db.$transaction(async (tx) => {
      const secret = await lockSecret(tx, scope, secretId);
      await tx.secretName.updateMany({
        where: { fabricId, secretId, retiredAt: null },
        data: { retiredAt: new Date() },
      });
      // A former name of its own may come back; another secret's may not.
      const own = await tx.secretName.updateMany({
        where: { fabricId, nameKey, secretId },
        data: { name, retiredAt: null },
      });
      if (own.count === 0)
        await tx.secretName.create({
          data: { fabricId, nameKey, name, secretId },
          select: { secretId: true },
        });
      await tx.secret.update({
        where: { id: secretId },
        data: { name, nameKey, ...editor(scope) },
        select: { id: true },
      });
      await record(
        tx,
        entry(scope, "secret.rename", { id: secretId, name }, { from: secret.name, to: name }),
      );
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", { name: nameTaken(name) });
    throw error;
  }
  return ok(null);
}

/** Changes the description; the value is not touched. */
export async function describeSecret(
  scope: Writer,
  input: { secretId: string; description: string },
): Promise<Result<null, never>> {
  const { secretId, description } = input;
  await db.$transaction(async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    await tx.secret.update({
      where: { id: secretId },
      data: { description, ...editor(scope) },
      select: { id: true },
    });
    await record(tx, entry(scope, "secret.describe", secret));
  });
  return ok(null);
}

/**
 * Deletes a secret that no connection uses, in one transaction with the check. An Admin may delete any, others what
 * they created. Its names become free at once; automate purges the sealed values.
 */
export async function deleteSecret(
  scope: Writer,
  { secretId }: { secretId: string },
): Promise<Result<null, "in_use">> {
  return db.$transaction(async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    if (scope.role !== "admin" && secret.createdById !== scope.actor.id)
      throw new Forbidden("Admins delete others' secrets.");
    const uses = await tx.connectionSecret.findMany({
      where: { secretId },
      distinct: ["connectionId"],
      select: { connection: { select: { name: true } } },
    });
    if (uses.length > 0)
      return fail("in_use", {
        connections: uses
          .map(({ connection }) => connection.name)
          .sort()
          .join(", "),
      });
    await tx.secretName.deleteMany({ where: { fabricId: scope.fabricId, secretId } });
    await tx.secret.update({
      where: { id: secretId },
      data: { deletedAt: new Date(), ...editor(scope) },
      select: { id: true },
    });
    await record(tx, entry(scope, "secret.delete", secret));
    return ok(null);
  });
}

/** Frees a former name: pipelines that still read by it get "not found" from now on. */
export async function dropSecretName(
  scope: Scope<"secret:name:drop">,
  { secretId, name }: { secretId: string; name: string },
): Promise<Result<null, never>> {
  const { fabricId } = scope;
  await db.$transaction(async (tx) => {
    const dropped = await tx.secretName.deleteMany({
      where: { fabricId, secretId, nameKey: name.toLowerCase(), retiredAt: { not: null } },
    });
    if (dropped.count === 0) throw new NotFound("There is no such former name.");
    const secret = await tx.secret.findUniqueOrThrow({
      where: { id: secretId },
      select: { id: true, name: true },
    });
    await record(tx, entry(scope, "secret.name.drop", secret, { name }));
  });
  return ok(null);
}

/** Takes an allowed destination back: the secret is not sent there until somebody allows it again. Automate records it. */
export async function removeDestination(
  scope: Scope<"destination:write">,
  { destinationId }: { destinationId: string },
): Promise<Result<null, "automate_unavailable" | "refused" | "reauthenticate">> {
  const removed = await askAutomate(scope, "destination:remove", { destinationId });
  return removed.ok ? ok(null) : removed;
}

/** The secret, locked until the transaction ends: deletes, replaces and new references wait for one another. */
async function lockSecret(tx: Tx, scope: Pick<Writer, "fabricId">, secretId: string) {
  const [secret] = await tx.$queryRaw<{ id: string; name: string; subKind: string; createdById: string }[]>`
    SELECT id, name, "subKind", "createdById" FROM secret
    WHERE id = ${secretId} AND "fabricId" = ${scope.fabricId} AND "deletedAt" IS NULL FOR UPDATE`;
  if (!secret) throw new NotFound("There is no such secret.");
  return secret;
}

/** After the commit and failing safe: an allowance that was not carried is asked for again at the next use. */
async function carryDestinations(
  scope: Writer,
  input: ReplaceSecretInput,
  version: number,
): Promise<boolean> {
  const { secretId, destinationIds } = input;
  if (destinationIds.length === 0) return true;
  return (await askAutomate(scope, "destination:carry", { secretId, version, destinationIds })).ok;
}

function factsOf(input: CreateSecretInput | ReplaceSecretInput, former: SecretFacts): SecretFacts {
  if (input.subKind === "binary") return factsOfFile(input.fields.value, input.fileName);
  if (input.subKind === "m2m_oauth" && input.fields.authUrl !== undefined)
    return factsOfAuthUrl(input.fields.authUrl);
  return former;
}

function isTooLarge(input: CreateSecretInput | ReplaceSecretInput): boolean {
  return input.subKind === "binary" && input.fields.value.length > webEnv().MAX_SECRET_BYTES;
}

function tooLarge(): string {
  return `The file is larger than ${Math.floor(webEnv().MAX_SECRET_BYTES / 1024)} KiB.`;
}

function nameTaken(name: string): string {
  return `“${name}” is taken in this fabric, by a secret or by a former name of one.`;
}

function manifestFor(sealed: readonly { field: string }[], version: number): Record<string, number> {
  return Object.fromEntries(sealed.map(({ field }) => [field, version]));
}

function author({ actor }: Writer) {
  return { createdById: actor.id, createdByName: actor.name };
}

function editor({ actor }: Writer) {
  return { updatedAt: new Date(), updatedById: actor.id, updatedByName: actor.name };
}

function entry(
  { actor, teamId, fabricId }: Pick<Writer, "actor" | "teamId" | "fabricId">,
  action: AuditEntry["action"],
  { id, name }: { id: string; name: string },
  details: AuditEntry["details"] = {},
): AuditEntry {
  return { actor, teamId, fabricId, action, object: { kind: "secret", id, name }, details };
}
