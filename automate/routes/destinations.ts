import type { FastifyInstance } from "fastify";
import { findSecretById } from "@/automate/current-secret";
import { askForDestinations, declineRequest } from "@/automate/destination-requests";
import { addDestinations, newDestinations } from "@/automate/destinations";
import { prepareCheck } from "@/automate/prepare-check";
import { Refusal } from "@/automate/refusal";
import { authorizeRequest } from "@/automate/verify-request";
import { record } from "@/lib/audit/record";
import { automateRequests } from "@/lib/automate/schema";
import { configHash } from "@/lib/connections/config-hash";
import { db } from "@/lib/db";

/**
 * Where secrets may go: carried to a new version as its author confirmed them, removed, asked for and decided, and who may
 * add to them in a fabric.
 */
export function destinationRoutes(app: FastifyInstance): void {
  requestRoutes(app);
  ruleRoute(app);
  app.post(automateRequests["destination:carry"].path, async (request) => {
    const { scope, body } = await authorizeRequest(request, "destination:carry", "secret:write");
    const secret = await findSecretById(scope, body.secretId);
    if (!secret || secret.version !== body.version)
      throw new Refusal(404, "not_found", "There is no such version.");
    if (secret.enteredBy.get(body.version) !== scope.actor.id)
      throw new Refusal(403, "forbidden", "Whoever replaced the value confirms where it goes.");
    const carried = await db.$transaction(async (tx) => {
      const former = await tx.allowedDestination.findMany({
        where: { id: { in: body.destinationIds }, secretId: secret.id, version: secret.version - 1 },
        select: { destination: true },
      });
      if (former.length === 0) return 0;
      const destinations = former.map(({ destination }) => destination);
      await addDestinations(tx, scope, secret, destinations, "destination.carry");
      return former.length;
    });
    return { carried };
  });

  app.post(automateRequests["destination:remove"].path, async (request) => {
    const { scope, body } = await authorizeRequest(request, "destination:remove", "destination:write");
    const { fabricId, teamId, actor } = scope;
    return db.$transaction(async (tx) => {
      const row = await tx.allowedDestination.findFirst({
        where: { id: body.destinationId, fabricId },
        select: { id: true, destination: true, secret: { select: { id: true, name: true } } },
      });
      if (!row) throw new Refusal(404, "not_found", "There is no such destination.");
      await tx.allowedDestination.delete({ where: { id: row.id }, select: { id: true } });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "destination.remove",
        object: { kind: "secret", ...row.secret },
        details: { destination: row.destination },
      });
      return { id: row.id };
    });
  });
}

function requestRoutes(app: FastifyInstance): void {
  app.post(automateRequests["destination:ask"].path, async (request) => {
    const { scope, body } = await authorizeRequest(request, "destination:ask", "connection:check");
    const { kind, connectionName, properties, reason } = body;
    const prepared = await prepareCheck(scope, kind, properties);
    if (!prepared.ok) throw new Refusal(400, prepared.code, "These settings cannot be checked.");
    const missing = await newDestinations(prepared.value);
    const from = { connectionName, configHash: configHash(kind, prepared.value.properties), reason };
    await db.$transaction(async (tx) => {
      for (const { secret, destinations } of missing)
        await askForDestinations(tx, scope, secret, destinations, from);
    });
    return { waiting: missing.length };
  });

  app.post(automateRequests["destination:decide"].path, async (request) => {
    const { scope, body } = await authorizeRequest(request, "destination:decide", "destination:write");
    const asked = await db.destinationRequest.findFirst({
      where: { id: body.requestId, fabricId: scope.fabricId, decision: null },
      select: { id: true, secretId: true, version: true, destinations: true, connectionName: true },
    });
    const secret = asked && (await findSecretById(scope, asked.secretId));
    if (!asked || !secret || secret.version !== asked.version)
      throw new Refusal(404, "not_found", "There is no such request any more.");
    await db.$transaction(async (tx) => {
      if (body.decision === "allowed")
        await addDestinations(tx, scope, secret, asked.destinations, "destination.allow");
      else await declineRequest(tx, scope, secret, asked);
    });
    return { id: asked.id };
  });
}

function ruleRoute(app: FastifyInstance): void {
  app.post(automateRequests["destination:rule"].path, async (request) => {
    const { scope, body } = await authorizeRequest(request, "destination:rule", "destination:write");
    const { fabricId, teamId, actor } = scope;
    const set = { rule: body.rule, updatedByName: actor.name, updatedAt: new Date() };
    const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
    await db.$transaction(async (tx) => {
      await tx.destinationRule.upsert({ where: { fabricId }, create: { fabricId, ...set }, update: set });
      await record(tx, {
        actor,
        teamId,
        fabricId,
        action: "destination.rule",
        object: { kind: "fabric", id: fabricId, name: fabric.name },
        details: { rule: body.rule },
      });
    });
    return { rule: body.rule };
  });
}
