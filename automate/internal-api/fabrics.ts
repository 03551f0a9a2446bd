import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";

/** Deletes a fabric, and sets how many former versions of its secrets stay readable, for an Admin of its team. */
export function fabricRoutes(app: FastifyInstance): void {
  handle(app, "version:rule", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const { formerVersions } = body;
    const set = { formerVersions, updatedByName: actor.name, updatedAt: new Date() };
    const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
    await actFor(actor, async (tx) => {
      await tx.versionRule.upsert({ where: { fabricId }, create: { fabricId, ...set }, update: set });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "fabric.versions",
        object: { kind: "fabric", id: fabricId, name: fabric.name },
        details: { to: formerVersions },
      });
    });
    return { formerVersions };
  });

  handle(app, "fabric:delete", async ({ scope, body }) => {
    const { actor, teamId, fabricId } = scope;
    if (body.fabricId !== fabricId)
      throw new Refusal(400, "invalid", "The body names a different fabric than the signature.");
    await actFor(actor, async (tx) => {
      const fabric = await tx.fabric.findUnique({ where: { id: fabricId }, select: { name: true } });
      if (!fabric) throw new Refusal(404, "not_found", "Fabric not found.");
      await destroy(tx, fabricId);
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "fabric.delete",
        object: { kind: "fabric", id: fabricId, name: fabric.name },
      });
    });
    return { id: fabricId };
  });
}

/** Deletes in the order of the foreign keys. Without the fabric's keys, nothing sealed to it can ever be opened. */
async function destroy(tx: Tx, fabricId: string): Promise<void> {
  const ofFabric = { where: { fabricId } };
  await tx.pipelineToken.deleteMany(ofFabric);
  await tx.trustedIssuer.deleteMany(ofFabric);
  await tx.connectionSecret.deleteMany(ofFabric);
  await tx.connection.deleteMany(ofFabric);
  await tx.secret.deleteMany(ofFabric);
  await tx.fabricKey.deleteMany(ofFabric);
  await tx.connectionCheck.deleteMany(ofFabric);
  await tx.signInAttempt.deleteMany(ofFabric);
  await tx.fabric.deleteMany({ where: { id: fabricId } });
}
