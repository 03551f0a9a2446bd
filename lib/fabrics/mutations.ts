import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Scope, TeamScope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { askAutomate } from "@/lib/automate/client";
import { db, isUniqueViolation } from "@/lib/db";
import type { CreateFabricInput, UpdateFabricInput } from "@/lib/fabrics/schema";
import { fail, NotFound, ok, type Result } from "@/lib/result";

/**
 * Has automate make the key pair of a new fabric, then stores the fabric with its audit event. When automate does not
 * answer nothing is written; a key without its fabric, left by a crash in between, opens nothing and seals nothing.
 */
export async function createFabric(
  scope: TeamScope<"fabric:write">,
  input: CreateFabricInput,
): Promise<Result<{ id: string }, "name_taken" | "automate_unavailable" | "refused" | "reauthenticate">> {
  const { actor, teamId } = scope;
  const { name, description, provider } = input;
  const nameKey = name.toLowerCase();
  // Asked before automate, so that a taken name makes no key in vain; the constraint below decides.
  const taken = await db.fabric.findUnique({
    where: { teamId_nameKey: { teamId, nameKey } },
    select: { id: true },
  });
  if (taken) return fail("name_taken", nameTaken(name));
  const id = uuidv7();
  const key = await askAutomate({ actor, fabricId: id }, "fabric-key:create", { fabricId: id });
  if (!key.ok) return key;
  try {
    await db.$transaction(async (tx) => {
      await tx.fabric.create({
        data: {
          id,
          teamId,
          name,
          nameKey,
          description,
          provider,
          createdById: actor.id,
          createdByName: actor.name,
        },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId: id,
        action: "fabric.create",
        object: { kind: "fabric", id, name },
        details: { provider },
      });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", nameTaken(name));
    throw error;
  }
  return ok({ id });
}

/** Changes name and description. An unchanged form writes nothing and records nothing. */
export async function updateFabric(
  scope: Scope<"fabric:write">,
  { name, description }: UpdateFabricInput,
): Promise<Result<null, "name_taken">> {
  const { actor, teamId, fabricId } = scope;
  try {
    await db.$transaction(async (tx) => {
      const [former] = await tx.$queryRaw<{ name: string; description: string }[]>`
        SELECT name, description FROM fabric WHERE id = ${fabricId} AND "teamId" = ${teamId} FOR UPDATE`;
      if (!former) throw new NotFound("There is no such fabric.");
      const isRenamed = former.name !== name;
      const fields = [
        ...(isRenamed ? ["name"] : []),
        ...(former.description !== description ? ["description"] : []),
      ];
      if (fields.length === 0) return;
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
        details: isRenamed ? { fields, from: former.name, to: name } : { fields },
      });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("name_taken", nameTaken(name));
    throw error;
  }
  return ok(null);
}

function nameTaken(name: string): Record<string, string> {
  return { name: `This team has a fabric named “${name}” already.` };
}
