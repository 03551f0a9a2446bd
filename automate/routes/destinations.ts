import type { FastifyInstance } from "fastify";
import { findSecretById } from "@/automate/current-secret";
import { addDestinations } from "@/automate/destinations";
import { Refusal } from "@/automate/refusal";
import { authorizeRequest } from "@/automate/verify-request";
import { record } from "@/lib/audit/record";
import { automateRequests } from "@/lib/automate/schema";
import { db } from "@/lib/db";

/** Carries allowances to a new version, as its author confirmed them, and removes them for an Admin. */
export function destinationRoutes(app: FastifyInstance): void {
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
