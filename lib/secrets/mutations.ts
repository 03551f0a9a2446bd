import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Scope } from "@/lib/access/scope";
import { eventRow, record } from "@/lib/audit/record";
import { askAutomate } from "@/lib/automate/client";
import { type Db, db, isUniqueViolation, type Tx } from "@/lib/db";
import { keepOnce } from "@/lib/idempotency/mutations";
import type { Once } from "@/lib/idempotency/once";
import { Forbidden, fail, NotFound, ok, type Result } from "@/lib/result";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { type SealedFields, sealFields, sealingKey } from "@/lib/secrets/sealing";
import {
  editor,
  entry,
  factsOf,
  lockSecret,
  manifestFor,
  nameTaken,
  tooLarge,
  type Writer,
} from "@/lib/secrets/write";

/** A secret that is sealed and not stored yet. */
export type PreparedSecret = { id: string; input: CreateSecretInput; sealed: SealedFields };

/** Seals each field to the fabric's key and stores secret, version, fields and audit event, or nothing. */
export async function createSecret(
  scope: Writer,
  input: CreateSecretInput,
  once?: Once,
): Promise<Result<{ id: string; name: string; subKind: SubKind }, "name_taken" | "too_large">> {
  const large = tooLarge(input);
  if (large) return large;
  const prepared = await prepareSecret(db, scope, input);
  const { name, subKind } = input;
  try {
    if (!once) await insertSecret(db, scope, prepared);
    else
      await db.$transaction(async (tx) => {
        await keepOnce(tx, once, prepared.id);
        await insertSecret(tx, scope, prepared);
      });
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken(name);
    throw error;
  }
  return ok({ id: prepared.id, name, subKind });
}

/** Seals a new secret's fields, before the transaction that stores them; `id` is a new one. */
export async function prepareSecret(
  client: Db | Tx,
  { fabricId }: Writer,
  input: CreateSecretInput,
  id = uuidv7(),
): Promise<PreparedSecret> {
  const key = await sealingKey(client, fabricId);
  const place = { secretId: id, subKind: input.subKind, version: 1 };
  return { id, input, sealed: await sealFields(key, place, input.fields) };
}

/**
 * Stores a prepared secret with its name, version, fields and audit event: one statement, so that it is wholly there or not there
 * also without a transaction around it. A name that is taken is a unique violation.
 */
export async function insertSecret(
  client: Db | Tx,
  scope: Writer,
  { id, input, sealed }: PreparedSecret,
): Promise<void> {
  const { name, subKind, description } = input;
  const { fabricId, actor } = scope;
  const nameKey = name.toLowerCase();
  const [manifest, facts] = [manifestFor(sealed, 1), factsOf(input, {})];
  const event = eventRow(entry(scope, "secret.create", { id, name }, { subKind }));
  await client.$executeRaw`
    WITH new_secret AS (
      INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName")
      VALUES (${id}, ${fabricId}, ${name}, ${nameKey}, ${subKind}, ${description}, ${actor.id}, ${actor.name}, ${actor.id}, ${actor.name})
    ), new_name AS (
      INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId") VALUES (${fabricId}, ${nameKey}, ${name}, ${id})
    ), new_version AS (
      INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
      VALUES (${id}, 1, ${fabricId}, ${JSON.stringify(manifest)}::jsonb, ${JSON.stringify(facts)}::jsonb, ${actor.id}, ${actor.name})
    ), new_fields AS (
      INSERT INTO secret_field ("secretId", field, version, "fabricId", kid, sealed)
      SELECT ${id}, one.field, 1, ${fabricId}, one.kid, one.sealed
      FROM unnest(${sealed.map(({ field }) => field)}::text[], ${sealed.map(({ kid }) => kid)}::text[], ${sealed.map((one) => one.sealed)}::text[])
        AS one(field, kid, sealed)
    )
    INSERT INTO audit_event (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
    VALUES (${uuidv7()}, ${event.teamId}, ${event.fabricId}, ${event.actorKind}, ${event.actorId}, ${event.actorName}, ${event.action},
      ${event.objectKind}, ${event.objectId}, ${event.objectName}, ${JSON.stringify(event.details)}::jsonb)`;
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
