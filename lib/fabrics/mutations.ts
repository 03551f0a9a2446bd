import "server-only";
import { newFabric, type Scope, type TeamScope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { allOrNothing } from "@/lib/db/all-or-nothing";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { fabricEtag } from "@/lib/fabrics/etag";
import type { CreateFabricInput, RestoreFabricInput, UpdateFabricInput } from "@/lib/fabrics/schema";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { ifMatchSatisfied } from "@/lib/if-match";
import type { FormerVersions } from "@/lib/internal-api/bodies/former-versions";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import { withinQuotas } from "@/lib/quotas/require-room";
import { fail, NotFound, OutcomeUnknown, ok, type Result } from "@/lib/result";

type CreateCode = "name_taken" | Unserved;

/** A fabric that is about to be stored, for use by data stored together with it. */
export type NewFabric = ReturnType<typeof newFabric>;

/** Optional work of `createFabric`. */
export type CreateFabricOptions<Code extends string> = {
  idempotent?: IdempotentRequest | undefined;
  /** The caller may still undo the create, so its idempotency record stays pending. */
  isPending?: boolean;
  /** Runs after automate created the fabric's key. Seals the values that the returned function stores. */
  prepare?: (fabric: NewFabric) => Promise<(tx: Tx) => Promise<Result<unknown, Code>>>;
};

/**
 * Asks automate to create a key pair, then stores the fabric, its audit event and `prepare`'s data, or
 * nothing.
 * If automate does not answer, web writes nothing. A crash in between leaves a key without a fabric, which is
 * harmless: it seals and opens nothing.
 */
export async function createFabric<Code extends string = never>(
  scope: TeamScope<"fabric:write">,
  input: CreateFabricInput,
  { idempotent, isPending, prepare }: CreateFabricOptions<Code> = {},
): Promise<Result<{ id: string }, CreateCode | Code>> {
  const { actor, teamId } = scope;
  const { name } = input;
  // Checks the name before automate creates a key in vain. The unique constraint still decides.
  const existing = await db.fabric.findUnique({
    where: { teamId_nameKey: { teamId, nameKey: name.toLowerCase() } },
    select: { id: true },
  });
  if (existing) return fail("name_taken", nameTaken(name));
  const fabric = newFabric(scope);
  const id = fabric.fabricId;
  const key = await askAutomate({ actor, fabricId: id }, "fabric-key:create", { fabricId: id }).catch(
    unanswered,
  );
  if (!key.ok) return key;
  const insertPrepared = await prepare?.(fabric);
  try {
    return await allOrNothing<{ id: string }, Code>(async (tx) => {
      await reserve(tx, idempotent, id, isPending);
      await insertFabric(tx, scope, id, input);
      const prepared = (await insertPrepared?.(tx)) ?? ok(null);
      return prepared.ok ? ok({ id }) : prepared;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", nameTaken(name));
    throw error;
  }
}

/** Automate's answer was lost: a key may exist, but no fabric. */
function unanswered(error: unknown) {
  if (error instanceof OutcomeUnknown) return fail("automate_unavailable");
  throw error;
}

async function insertFabric(
  tx: Tx,
  { actor, teamId }: TeamScope<"fabric:write">,
  id: string,
  { name, description, provider }: CreateFabricInput,
): Promise<void> {
  const create = () =>
    tx.fabric.create({
      data: {
        id,
        teamId,
        name,
        nameKey: name.toLowerCase(),
        description,
        provider,
        createdById: actor.id,
        createdByName: actor.name,
      },
      select: { id: true },
    });
  await withinQuotas({ fabricId: id, teamId }, { fabrics: 1 }, create, tx);
  await record(tx, {
    actor,
    teamId,
    fabricId: id,
    action: "fabric.create",
    object: { kind: "fabric", id, name },
    details: { provider },
  });
}

/**
 * Asks automate to delete a fabric. It is out of reach at once, and its pipeline tokens and trusted issuers end
 * for good. Its keys and contents are destroyed at `destroyAt`; until then an Admin can undo it.
 */
export function deleteFabric(
  scope: Scope<"fabric:delete">,
): Promise<Result<{ id: string; destroyAt: string }, Unserved>> {
  return askAutomate(scope, "fabric:delete", { fabricId: scope.fabricId });
}

/** Asks automate to destroy, at once, a fabric that a failed request of the same person has just created. */
export function discardFabric(scope: Scope<"fabric:write">): Promise<Result<{ id: string }, Unserved>> {
  return askAutomate(scope, "fabric:discard", { fabricId: scope.fabricId });
}

/** Asks automate to undo the deletion of a fabric. Its pipeline tokens and trusted issuers do not come back. */
export async function restoreFabric(
  scope: Scope<"fabric:restore">,
  { name }: RestoreFabricInput,
): Promise<Result<{ id: string }, Unserved | "name_taken" | "too_late">> {
  const { fabricId } = scope;
  const answer = await askAutomate(scope, "fabric:restore", { fabricId, ...(name ? { name } : {}) });
  if (!answer.ok) return answer;
  if ("id" in answer.value) return ok({ id: answer.value.id });
  const { problem } = answer.value;
  return problem === "name_taken"
    ? fail(problem, { name: "This team has another fabric with this name now. Enter another name." })
    : fail(problem);
}

/**
 * Sets how many former versions of a secret pipelines may still read in this fabric. Automate writes and
 * records it.
 */
export function setFormerVersions(scope: Scope<"version:write">, input: { formerVersions: FormerVersions }) {
  return askAutomate(scope, "version:rule", input);
}

/**
 * Changes name and description; absent members stay unchanged. Without a change, it writes and records
 * nothing.
 */
export async function updateFabric(
  scope: Scope<"fabric:write">,
  input: { [Field in keyof UpdateFabricInput]?: UpdateFabricInput[Field] | undefined },
  { ifMatch, idempotent }: { ifMatch?: string | undefined; idempotent?: IdempotentRequest | undefined } = {},
): Promise<Result<{ tag: string }, "name_taken" | "changed">> {
  const { actor, teamId, fabricId } = scope;
  try {
    return await db.$transaction(async (tx) => {
      const [current] = await tx.$queryRaw<{ name: string; description: string }[]>`
        SELECT name, description FROM fabric WHERE id = ${fabricId} AND "teamId" = ${teamId} FOR UPDATE`;
      // It may have been deleted after the scope was granted: a new name would take that name from others.
      const deletion = await tx.fabricDeletion.findUnique({
        where: { fabricId },
        select: { fabricId: true },
      });
      if (!current || deletion) throw new NotFound("Fabric not found.");
      const { name = current.name, description = current.description } = input;
      if (!ifMatchSatisfied(ifMatch, fabricEtag(current))) return fail("changed");
      await reserve(tx, idempotent, fabricId);
      const tag = fabricEtag({ name, description });
      const isRenamed = current.name !== name;
      const fields = [
        ...(isRenamed ? ["name"] : []),
        ...(current.description !== description ? ["description"] : []),
      ];
      if (fields.length === 0) return ok({ tag });
      await tx.fabric.update({
        where: { id: fabricId, teamId },
        data: { name, nameKey: name.toLowerCase(), description },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "fabric.update",
        object: { kind: "fabric", id: fabricId, name },
        details: isRenamed ? { fields, from: current.name, to: name } : { fields },
      });
      return ok({ tag });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", nameTaken(input.name ?? ""));
    throw error;
  }
}

function nameTaken(name: string): Record<string, string> {
  return { name: `This team already has a fabric named “${name}”.` };
}
