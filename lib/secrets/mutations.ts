import "server-only";
import { v7 as uuidv7 } from "uuid";
import { allows } from "@/lib/access/policy";
import { refusedAct } from "@/lib/access/refused-act";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, isUniqueViolation } from "@/lib/db/client";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { ifMatchSatisfied } from "@/lib/if-match";
import { Forbidden, fail, NotFound, ok, type Result } from "@/lib/result";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import { nameTaken } from "@/lib/secrets/names";
import { prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import { type CreateSecretInput, secretEtag } from "@/lib/secrets/schema";
import { sealingToNewestKey } from "@/lib/secrets/sealing";
import { lastVersion, settleDestinations } from "@/lib/secrets/update";
import { nameUsers } from "@/lib/secrets/used-by";
import { editor, entry, fileTooLarge, lockSecret, type Writer } from "@/lib/secrets/write";

/** Seals each field to the fabric's key and stores secret, version, fields and audit event, or nothing. */
export async function createSecret(
  scope: Writer,
  input: CreateSecretInput,
  idempotent?: IdempotentRequest,
): Promise<Result<{ id: string; name: string; subKind: SubKind }, "name_taken" | "too_large">> {
  const failure = fileTooLarge(input);
  if (failure) return failure;
  const { name, subKind } = input;
  const id = uuidv7();
  try {
    await sealingToNewestKey(async () => {
      const prepared = await prepareSecrets(scope, [{ id, input }]);
      if (!idempotent) return storeNewSecrets(scope, prepared);
      return db.$transaction(async (tx) => {
        await reserve(tx, idempotent, id);
        await storeNewSecrets(scope, prepared, { tx });
      });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken(scope, name);
    throw error;
  }
  // The person who enters the whole secret thereby allows its token server.
  if (secretKinds[subKind].givesTokens) await settleDestinations(scope, id);
  return ok({ id, name, subKind });
}

/** The fabric for an audit event. Its name is empty: this code does not load it. */
function fabricOf({ fabricId, teamId }: Pick<Writer, "fabricId" | "teamId">) {
  return { kind: "fabric", id: fabricId, name: "", teamId } as const;
}

/**
 * Moves a secret that no connection and no rotation uses to the trash, in one transaction with that check. An Admin may
 * delete any secret, a User only their own.
 * It keeps its versions, destinations and names. Its creator and Admins can use its names at once; nobody else can,
 * until automate purges it.
 */
export async function deleteSecret(
  scope: Scope<"secret:delete:own">,
  { secretId, ifMatch }: { secretId: string; ifMatch?: string | undefined },
): Promise<Result<null, "in_use" | "changed">> {
  return db.$transaction(async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    const isOwn = secret.createdById === scope.actor.id;
    if (!isOwn && !allows(scope.role, "secret:delete"))
      refusedAct(
        new Forbidden("Only an Admin may delete another person's secret."),
        scope.actor,
        fabricOf(scope),
        "secret:delete",
      );
    const { version } = await lastVersion(tx, secretId);
    if (!ifMatchSatisfied(ifMatch, secretEtag({ ...secret, version }))) return fail("changed");
    const users = await nameUsers(tx, secretId);
    if (users !== null) return fail("in_use", { users });
    const { actor, fabricId } = scope;
    // Postgres sets the time, which web's login may not state.
    await tx.$executeRaw`
      INSERT INTO trashed_secret ("secretId", "fabricId", "deletedById", "deletedByName")
      VALUES (${secretId}, ${fabricId}, ${actor.id}, ${actor.name})`;
    await tx.secret.update({
      where: { id: secretId },
      data: { deletedAt: new Date(), ...editor(scope) },
      select: { id: true },
    });
    await record(tx, entry(scope, "secret.delete", secret));
    return ok(null);
  });
}

/** Frees a former name. Pipelines that still use it get "not found" from then on. */
export async function dropSecretName(
  scope: Scope<"secret:name:drop">,
  { secretId, name }: { secretId: string; name: string },
): Promise<Result<null, never>> {
  const { fabricId } = scope;
  await db.$transaction(async (tx) => {
    const dropped = await tx.secretName.deleteMany({
      where: { fabricId, secretId, nameKey: name.toLowerCase(), retiredAt: { not: null } },
    });
    if (dropped.count === 0) throw new NotFound("Former name not found.");
    const secret = await tx.secret.findUniqueOrThrow({
      where: { id: secretId },
      select: { id: true, name: true },
    });
    await record(tx, entry(scope, "secret.name.drop", secret, { name }));
  });
  return ok(null);
}
