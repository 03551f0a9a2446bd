import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handleForNewFabric } from "@/automate/internal-api/verify-request";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { record } from "@/lib/audit/record";
import { type Db, db, type Tx } from "@/lib/db/client";

/** Creates the key pair of a fabric that web is about to create. */
export function fabricKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForNewFabric(app, "fabric-key:create", async ({ actor, fabricId, body }) => {
    if (body.fabricId !== fabricId)
      throw new Refusal(400, "invalid", "The body names a different fabric than the signature.");
    await requireNoKey(db, fabricId);
    // Outside the transaction, which would hold a connection for as long as the key service takes.
    const pair = await keys.newPair(fabricId);
    const { kid } = pair;
    await actFor(actor, async (tx) => {
      await requireNoKey(tx, fabricId);
      const by = { createdById: actor.id, createdByName: actor.name };
      await tx.fabricKey.create({ data: { ...pair, ...by }, select: { kid: true } });
      await record(tx, {
        actor,
        teamId: null,
        fabricId,
        action: "fabric.key.create",
        object: { kind: "fabric", id: fabricId, name: "" },
        details: { kid },
      });
    });
    return { kid };
  });
}

async function requireNoKey(client: Db | Tx, fabricId: string): Promise<void> {
  const isExisting =
    (await client.fabric.findUnique({ where: { id: fabricId }, select: { id: true } })) ??
    (await client.fabricKey.findFirst({ where: { fabricId }, select: { kid: true } }));
  if (isExisting) throw new Refusal(409, "exists", "The fabric already has a key.");
}
