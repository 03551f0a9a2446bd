import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/act-for";
import { Refusal } from "@/automate/http/error";
import { verifyRequest } from "@/automate/internal-api/verify-request";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import { automateRequests } from "@/lib/internal-api/contract";

/** Makes the key pair of a fabric that is about to be created. */
export function fabricKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  app.post(automateRequests["fabric-key:create"].path, async (request) => {
    const { actor, fabricId, body } = await verifyRequest(request, "fabric-key:create");
    if (body.fabricId !== fabricId) throw new Refusal(400, "invalid", "The body speaks of another fabric.");
    // The fabric is not there yet, so its team is not known: an Admin of any team may ask for a key of a new id.
    const membership = await db.membership.findFirst({
      where: { userId: actor.id, role: "admin" },
      select: { teamId: true },
    });
    if (!membership) throw new Refusal(403, "forbidden", "An Admin makes fabrics.");
    const kid = await actFor(actor, async (tx) => {
      const isTaken =
        (await tx.fabric.findUnique({ where: { id: fabricId }, select: { id: true } })) ??
        (await tx.fabricKey.findFirst({ where: { fabricId }, select: { kid: true } }));
      if (isTaken) throw new Refusal(409, "exists", "The fabric has a key.");
      const made = await keys.create(tx, fabricId);
      await record(tx, {
        actor,
        teamId: null,
        fabricId,
        action: "fabric.key.create",
        object: { kind: "fabric", id: fabricId, name: "" },
        details: { kid: made },
      });
      return made;
    });
    return { kid };
  });
}
