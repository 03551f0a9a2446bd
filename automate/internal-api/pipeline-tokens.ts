import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { requireLimits } from "@/automate/internal-api/token-limits";
import { handle } from "@/automate/internal-api/verify-request";
import { confirmPins } from "@/automate/secrets/connection-pins";
import { activeToken } from "@/lib/access/active-token";
import { newPipelineToken } from "@/lib/access/pipeline";
import type { ConnectionPins } from "@/lib/access/restriction";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

/** Throws `Refusal` 409 when the fabric has as many working pipeline tokens as the operator allows. */
async function requireRoom(tx: Tx, fabricId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`quota tokens ${fabricId}`}, 0))`;
  const limit = automateEnv().QUOTA_PIPELINE_TOKENS_PER_FABRIC;
  const working = await tx.pipelineToken.count({
    where: { fabricId, ...activeToken() },
  });
  if (working < limit) return;
  const message = `This fabric has ${working} working pipeline tokens, its limit. Revoke one that nothing uses, or ask an operator of Selvage to raise QUOTA_PIPELINE_TOKENS_PER_FABRIC.`;
  throw new Refusal(409, "quota_exceeded", message);
}

/** Creates, confirms and revokes pipeline tokens, for an Admin with a recent sign-in. */
export function pipelineTokenRoutes(app: FastifyInstance): void {
  handle(app, "token:create", async ({ scope, body }) => {
    const { token, tokenHash } = newPipelineToken();
    const { fabricId, teamId, actor } = scope;
    const id = await actFor(actor, async (tx) => {
      const limits = await requireLimits(tx, fabricId, body.limits);
      await requireRoom(tx, fabricId);
      const row = await tx.pipelineToken.create({
        data: {
          fabricId,
          name: body.name,
          tokenHash,
          createdById: actor.id,
          createdByName: actor.name,
          expiresAt: body.expiresAt ? new Date(body.expiresAt) : null,
          ...limits,
        },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "token.create",
        object: { kind: "token", id: row.id, name: body.name },
        ...(body.limits ? { details: body.limits } : {}),
      });
      return row.id;
    });
    return { id, token };
  });

  handle(app, "token:confirm", async ({ scope, body }) => {
    return actFor(scope.actor, async (tx) => {
      const row = await tx.pipelineToken.findFirst({
        where: { id: body.tokenId, fabricId: scope.fabricId, revokedAt: null },
        select: { id: true, name: true, connectionIds: true, pins: true },
      });
      if (!row) throw new Refusal(404, "not_found", "Pipeline token not found.");
      const limited = { ...row, pins: row.pins as ConnectionPins };
      const event = { action: "token.confirm", kind: "token" } as const;
      const pins = await confirmPins(tx, scope, limited, event, body.connections);
      await tx.$executeRaw`UPDATE pipeline_token SET pins = pins || ${JSON.stringify(pins)}::jsonb WHERE id = ${row.id}`;
      return { id: row.id };
    });
  });

  handle(app, "token:owner", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const { tokenId: id, ownerId } = body;
    return actFor(actor, async (tx) => {
      const row = await tx.pipelineToken.findFirst({
        where: { id, fabricId, revokedAt: null },
        select: { name: true },
      });
      if (!row) throw new Refusal(404, "not_found", "Pipeline token not found.");
      const [member] = await tx.$queryRaw<{ name: string }[]>`
        SELECT u.name FROM membership m JOIN app_user u ON u.id = m."userId"
        WHERE m."teamId" = ${teamId} AND m."userId" = ${ownerId} AND u."lockedAt" IS NULL`;
      if (ownerId !== null && !member)
        throw new Refusal(409, "not_a_member", "The owner is no member of the fabric’s team.");
      await tx.pipelineToken.update({
        where: { id },
        data: { ownerId: ownerId ?? "", ownerSince: new Date() },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "token.owner",
        object: { kind: "token", id, name: row.name },
        details: { to: member?.name ?? "Admins" },
      });
      return { id };
    });
  });

  handle(app, "token:revoke", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    return actFor(actor, async (tx) => {
      const row = await tx.pipelineToken.findFirst({
        where: { id: body.tokenId, fabricId },
        select: { id: true, name: true, revokedAt: true },
      });
      if (!row) throw new Refusal(404, "not_found", "Pipeline token not found.");
      if (row.revokedAt) return { id: row.id };
      await tx.pipelineToken.update({
        where: { id: row.id },
        data: { revokedAt: new Date() },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "token.revoke",
        object: { kind: "token", id: row.id, name: row.name },
      });
      return { id: row.id };
    });
  });
}
