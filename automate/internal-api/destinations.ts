import type { FastifyInstance } from "fastify";
import { findOpenCandidate } from "@/automate/candidates/open-candidate";
import { authorizeDestinations, newDestinations } from "@/automate/checks/authorize-destinations";
import { declineRequest, requestDestinations } from "@/automate/checks/destination-requests";
import { prepareCheck } from "@/automate/checks/prepare-check";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { addDestinations } from "@/automate/secrets/add-destinations";
import { removeDestination } from "@/automate/secrets/remove-destination";
import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { record } from "@/lib/audit/record";
import { configHash } from "@/lib/connections/config-hash";
import { atLeastOne } from "@/lib/connectors/secret-destinations";
import { db } from "@/lib/db/client";

/**
 * The allowed destinations of secrets: settled for a new version, removed, requested and decided. Also the
 * fabric's rule for who may allow new ones.
 */
export function destinationRoutes(app: FastifyInstance): void {
  requestRoutes(app);
  ruleRoute(app);
  handle(app, "destination:settle", async ({ scope, body }) => {
    // The stored version determines which destinations it keeps. This request only settles it sooner.
    await settleVersion(scope.fabricId, body.secretId);
    const secret = await findSecretById(scope, body.secretId);
    if (!secret) throw new Refusal(404, "not_found", "Secret not found.");
    const { id: secretId, version } = secret;
    return { allowed: await db.allowedDestination.count({ where: { secretId, version } }) };
  });

  handle(app, "destination:allow", async ({ scope, body }) => {
    const openings = [];
    for (const { field, secretId, version, destinations } of body.secrets) {
      const secret = await findSecretById(scope, secretId);
      const destinationKeys = atLeastOne(destinations);
      if (!secret || !destinationKeys || secret.version !== version)
        throw new Refusal(404, "not_found", "Version not found.");
      openings.push({ field, opening: { secret, fields: [], destinations: destinationKeys } });
    }
    const shownDestinations = body.isShown
      ? openings.map(({ opening: { secret, destinations } }) => ({
          secret: secret.name,
          destinations: [...destinations],
        }))
      : [];
    const confirmation = {
      isConfirmed: true,
      shownDestinations,
      connectionId: body.connectionId,
      reach: null,
    };
    const { state } = await authorizeDestinations(scope, { openings }, confirmation);
    return { isAllowed: state === "allowed" };
  });

  handle(app, "destination:keep", async ({ scope, body }) => {
    return actFor(scope.actor, async (tx) => {
      const row = await tx.allowedDestination.findFirst({
        where: { id: body.destinationId, fabricId: scope.fabricId },
        select: {
          id: true,
          destination: true,
          version: true,
          toReview: true,
          secret: { select: { id: true, name: true } },
        },
      });
      if (!row) throw new Refusal(404, "not_found", "Destination not found.");
      const { id, destination, version, toReview, secret } = row;
      if (toReview !== null)
        await addDestinations(tx, scope, { ...secret, version }, [destination], "destination.review");
      return { id };
    });
  });

  handle(app, "destination:remove", ({ scope, body }) => removeDestination(scope, body.destinationId));
}

function requestRoutes(app: FastifyInstance): void {
  handle(app, "destination:ask", async ({ scope, body }) => {
    const { kind, connectionName, properties, reason } = body;
    const prepared = await prepareCheck(scope, kind, properties);
    if (!prepared.ok)
      throw new Refusal(400, prepared.code, "These settings are not valid, so they cannot be checked.");
    const missing = await newDestinations(scope.fabricId, prepared.value);
    const details = { connectionName, configHash: configHash(kind, prepared.value.properties), reason };
    await actFor(scope.actor, async (tx) => {
      for (const { secret, destinations } of missing)
        await requestDestinations(tx, scope, secret, destinations, details);
    });
    return { waiting: missing.length };
  });

  handle(app, "destination:decide", async ({ scope, body }) => {
    const pending = await db.destinationRequest.findFirst({
      where: { id: body.requestId, fabricId: scope.fabricId, decision: null },
      select: { id: true, secretId: true, version: true, destinations: true, connectionName: true },
    });
    const secret =
      pending && pending.version < 0
        ? await findOpenCandidate(scope, pending.secretId, -pending.version)
        : pending && (await findSecretById(scope, pending.secretId));
    if (!pending || !secret || secret.version !== pending.version)
      throw new Refusal(
        404,
        "not_found",
        "Request not found: it was decided, or the secret has a new version.",
      );
    await actFor(scope.actor, async (tx) => {
      if (body.decision === "allowed")
        await addDestinations(tx, scope, secret, pending.destinations, "destination.allow");
      else await declineRequest(tx, scope, secret, pending);
    });
    return { id: pending.id };
  });
}

function ruleRoute(app: FastifyInstance): void {
  handle(app, "destination:rule", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const set = { rule: body.rule, updatedByName: actor.name, updatedAt: new Date() };
    const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
    await actFor(actor, async (tx) => {
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
