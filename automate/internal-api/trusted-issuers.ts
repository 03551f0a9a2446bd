import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { requireLimits } from "@/automate/internal-api/token-limits";
import { handle } from "@/automate/internal-api/verify-request";
import { cacheKeys, fetchKeys, IssuerUnusable } from "@/automate/runtime-api/issuer-keys";
import { confirmPins } from "@/automate/secrets/connection-pins";
import type { ConnectionPins } from "@/lib/access/restriction";
import { record } from "@/lib/audit/record";
import { namesFabric } from "@/lib/trusted-issuers/schema";

/**
 * Adds, confirms and removes the issuers whose workloads may read a fabric's secrets, for an Admin with a
 * recent sign-in.
 */
export function trustedIssuerRoutes(app: FastifyInstance): void {
  handle(app, "issuer:create", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const { limits: requestedLimits, keys, ...trust } = body;
    // Automate checks this again: a compromised web could otherwise make the tokens of another fabric
    // ambiguous.
    if (!namesFabric(body.audience, fabricId))
      throw new Refusal(400, "invalid", "The audience must contain this fabric's id and no other fabric's.");
    if (!keys) {
      try {
        cacheKeys(body.issuer, await fetchKeys(body.issuer));
      } catch (error) {
        if (error instanceof IssuerUnusable) return { problem: error.problem };
        throw error;
      }
    }
    return actFor(actor, async (tx) => {
      const { pins, ...limits } = await requireLimits(tx, fabricId, requestedLimits);
      const { id } = await tx.trustedIssuer.create({
        data: {
          ...trust,
          ...(keys ? { keys } : {}),
          ...limits,
          pins,
          fabricId,
          createdById: actor.id,
          createdByName: actor.name,
        },
        select: { id: true },
      });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "issuer.create",
        object: { kind: "issuer", id, name: body.name },
        details: {
          issuer: body.issuer,
          audience: body.audience,
          subject: body.subject,
          keys: keys ? "given" : "asked",
          ...limits,
        },
      });
      return { id };
    });
  });

  handle(app, "issuer:confirm", async ({ scope, body }) => {
    return actFor(scope.actor, async (tx) => {
      const row = await tx.trustedIssuer.findFirst({
        where: { id: body.issuerId, fabricId: scope.fabricId },
        select: { id: true, name: true, connectionIds: true, pins: true },
      });
      if (!row) throw new Refusal(404, "not_found", "Trusted issuer not found.");
      const limited = { ...row, pins: row.pins as ConnectionPins };
      const event = { action: "issuer.confirm", kind: "issuer" } as const;
      const pins = await confirmPins(tx, scope, limited, event, body.connections);
      await tx.$executeRaw`UPDATE trusted_issuer SET pins = pins || ${JSON.stringify(pins)}::jsonb WHERE id = ${row.id}`;
      return { id: row.id };
    });
  });

  handle(app, "issuer:delete", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    return actFor(actor, async (tx) => {
      const row = await tx.trustedIssuer.findFirst({
        where: { id: body.issuerId, fabricId },
        select: { id: true, name: true },
      });
      if (!row) throw new Refusal(404, "not_found", "Trusted issuer not found.");
      await tx.trustedIssuer.deleteMany({ where: { id: row.id } });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "issuer.delete",
        object: { kind: "issuer", id: row.id, name: row.name },
      });
      return { id: row.id };
    });
  });
}
