import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { answerForNewFabric } from "@/automate/internal-api/verify-request";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { record } from "@/lib/audit/record";

/** Creates the key pair of a fabric that web is about to create. */
export function fabricKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  answerForNewFabric(app, "fabric-key:create", async ({ actor, fabricId, body }) => {
    if (body.fabricId !== fabricId) throw new Refusal(400, "invalid", "The body speaks of another fabric.");
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
