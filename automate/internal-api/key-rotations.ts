import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { chooseMasterKey } from "@/automate/keys/choose-master-key";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { AlreadyRotating, setPaused } from "@/automate/keys/key-rotation";
import { masterKeyOf } from "@/automate/keys/master-key-of";
import { startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";

/**
 * Rotates the key pair of a fabric, also under another master key, and pauses or resumes its rotation, for an Admin
 * with a recent sign-in.
 */
export function keyRotationRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handle(app, "fabric-key:rotate", async ({ scope: { actor, fabricId } }) => {
    // Outside the transaction, which would hold a connection for as long as the key service takes.
    const pair = await keys.newPair(fabricId, await masterKeyOf(db, keys.keyring, fabricId));
    await actFor(actor, (tx) => startFabricRotation(tx, pair, actor)).catch(refuseSecond);
    return { kid: pair.kid };
  });
  handle(app, "fabric-key:choose-master", async ({ scope, body }) => {
    const { label } = await chooseMasterKey(keys, scope, body.fingerprint).catch(refuseSecond);
    return { label };
  });
  handle(app, "fabric-key:pause", ({ scope }) => pause(scope, true));
  handle(app, "fabric-key:resume", ({ scope }) => pause(scope, false));
}

async function pause({ actor, fabricId }: Scope<"fabric-key:write">, isPaused: boolean) {
  const rotation = { kind: "fabric", fabricId } as const;
  return { isChanged: await actFor(actor, (tx) => setPaused(tx, rotation, isPaused, actor)) };
}

/** Turns `AlreadyRotating` into a refusal. */
export function refuseSecond(error: unknown): never {
  if (!(error instanceof AlreadyRotating)) throw error;
  throw new Refusal(409, "already_rotating", "A rotation of this key is running or paused.");
}
