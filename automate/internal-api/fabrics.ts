import type { FastifyInstance } from "fastify";
import { deleteFabric, NotRestored, restoreFabric } from "@/automate/fabrics/delete-fabric";
import { destroyDeletedFabrics, destroyFabric } from "@/automate/fabrics/destroy-fabrics";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { lockVersionRule } from "@/automate/secrets/purge-versions";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

/** How long the creator of a fabric may discard it. An interrupted create is repeated within a day. */
const discardHours = 25;

/**
 * Deletes, restores and discards a fabric, and sets how many former versions of its secrets stay readable, for an
 * Admin of its team.
 */
export function fabricRoutes(app: FastifyInstance): void {
  handle(app, "version:rule", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const { formerVersions } = body;
    const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
    await actFor(actor, async (tx) => {
      await lockVersionRule(tx, fabricId);
      // By the database's clock: former versions are purged a day after the fabric no longer keeps them.
      await tx.$executeRaw`
        INSERT INTO version_rule ("fabricId", "formerVersions", "updatedByName") VALUES (${fabricId}, ${formerVersions}, ${actor.name})
        ON CONFLICT ("fabricId") DO UPDATE SET "formerVersions" = excluded."formerVersions",
          "updatedByName" = excluded."updatedByName", "updatedAt" = now()`;
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

  handle(app, "fabric:delete", async ({ scope, body, request }) => {
    requireSame(body.fabricId, scope.fabricId);
    const destroyAt = await actFor(scope.actor, (tx) => deleteFabric(tx, scope));
    if (automateEnv().FABRIC_DELETION_DAYS === 0)
      // A large fabric takes longer than web waits. If this fails, the purge continues.
      void destroyDeletedFabrics().catch((error: Error) =>
        request.log.error({ error: error.name }, "could not destroy a deleted fabric yet"),
      );
    return { id: scope.fabricId, destroyAt: destroyAt.toISOString() };
  });

  handle(app, "fabric:restore", async ({ scope, body }) => {
    requireSame(body.fabricId, scope.fabricId);
    try {
      await actFor(scope.actor, (tx) => restoreFabric(tx, scope, body));
      return { id: scope.fabricId };
    } catch (error) {
      if (error instanceof NotRestored) return { problem: error.problem };
      throw error;
    }
  });

  handle(app, "fabric:discard", async ({ scope: { fabricId, actor }, body }) => {
    requireSame(body.fabricId, fabricId);
    await actFor(actor, async (tx) => {
      const fabric = await findDiscardable(tx, fabricId, actor);
      if (!fabric)
        throw new Refusal(409, "in_use", "The fabric is not new, or others use it. Delete it instead.");
      await destroyFabric(tx, fabric, actor);
    });
    return { id: fabricId };
  });
}

function requireSame(fabricId: string, signedId: string): void {
  if (fabricId === signedId) return;
  throw new Refusal(400, "invalid", "The body names a different fabric than the signature.");
}

/**
 * Returns a fabric that its creator may destroy at once, because the request that created it failed: it is new,
 * and contains no more than such a request stores. Otherwise a stolen access token could destroy any fabric
 * without the days in which others can undo that.
 */
async function findDiscardable(tx: Tx, fabricId: string, actor: Actor) {
  const [fabric] = await tx.$queryRaw<{ id: string; name: string; teamId: string }[]>`
    SELECT id, name, "teamId" FROM fabric f
    WHERE id = ${fabricId} AND "createdById" = ${actor.id}
      AND "createdAt" > now() - make_interval(hours => ${discardHours}::int)
      AND NOT EXISTS (SELECT FROM pipeline_token WHERE "fabricId" = f.id)
      AND NOT EXISTS (SELECT FROM trusted_issuer WHERE "fabricId" = f.id)
      AND (SELECT count(*) FROM secret WHERE "fabricId" = f.id) <= 1
      AND (SELECT count(*) FROM connection WHERE "fabricId" = f.id) <= 1
    FOR UPDATE`;
  return fabric;
}
