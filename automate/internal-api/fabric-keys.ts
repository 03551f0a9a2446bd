import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handleForNewFabric } from "@/automate/internal-api/verify-request";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { record } from "@/lib/audit/record";

/** Creates the key pair of a fabric that web is about to create. */
export function fabricKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForNewFabric(app, "fabric-key:create", async ({ actor, fabricId, body }) => {
    if (body.fabricId !== fabricId)
      throw new Refusal(400, "invalid", "The body names a different fabric than the signature.");
    const kid = await actFor(actor, async (tx) => {
      const isExisting =
        (await tx.fabric.findUnique({ where: { id: fabricId }, select: { id: true } })) ??
        (await tx.fabricKey.findFirst({ where: { fabricId }, select: { kid: true } }));
      if (isExisting) throw new Refusal(409, "exists", "The fabric already has a key.");
      const newKid = await keys.create(tx, fabricId);
      await record(tx, {
        actor,
        teamId: null,
        fabricId,
        action: "fabric.key.create",
        object: { kind: "fabric", id: fabricId, name: "" },
        details: { kid: newKid },
      });
      return newKid;
    });
    return { kid };
  });
}
