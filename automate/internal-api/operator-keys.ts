import type { FastifyInstance } from "fastify";
import { Refusal } from "@/automate/http/error";
import { refuseSecond } from "@/automate/internal-api/key-rotations";
import { handleForOperator } from "@/automate/internal-api/operator-requests";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { type Rotation, setPaused } from "@/automate/keys/key-rotation";
import { masterKeyOf } from "@/automate/keys/master-key-of";
import { resignFabricKeys } from "@/automate/keys/resign";
import { startMasterRotation } from "@/automate/keys/rewrap";
import { startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { keysStatus } from "@/automate/keys/status";
import { verifyKeys } from "@/automate/keys/verify";
import { tryToOpen } from "@/automate/secrets/try-to-open";
import { operatorActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

/** The operator's commands about keys. */
export function operatorKeyRoutes(app: FastifyInstance, keys: FabricKeys): void {
  handleForOperator(app, "keys:status", () => keysStatus(keys.keyring));

  handleForOperator(app, "keys:rotate-master", async () => {
    const { primary } = keys.keyring;
    await db.$transaction((tx) => startMasterRotation(tx, keys.keyring, operatorActor)).catch(refuseSecond);
    return { fingerprint: primary.fingerprint, label: primary.label };
  });

  handleForOperator(app, "keys:rotate-fabric", async ({ body }) => {
    const { id, name } = await findFabric(body.fabric);
    const pair = await keys.newPair(id, await masterKeyOf(db, keys.keyring, id));
    await db.$transaction((tx) => startFabricRotation(tx, pair, operatorActor)).catch(refuseSecond);
    return { fabric: name, kid: pair.kid };
  });

  handleForOperator(app, "keys:pause", ({ body }) => pause(body, true));
  handleForOperator(app, "keys:resume", ({ body }) => pause(body, false));
  handleForOperator(app, "keys:verify", ({ body }) =>
    verifyKeys({ keys, tryToOpen, signingKey: automateEnv().AUTOMATE_SIGNING_KEY }, body.sample),
  );
  handleForOperator(app, "keys:resign", () => resignFabricKeys(keys, automateEnv().AUTOMATE_SIGNING_KEY));
}

async function pause({ fabric }: { fabric?: string | undefined }, isPaused: boolean) {
  const rotation: Pick<Rotation, "kind" | "fabricId"> =
    fabric === undefined
      ? { kind: "master", fabricId: null }
      : { kind: "fabric", fabricId: (await findFabric(fabric)).id };
  return { isChanged: await db.$transaction((tx) => setPaused(tx, rotation, isPaused, operatorActor)) };
}

/** The fabric with this id, or with this name if it is the only one. */
async function findFabric(idOrName: string): Promise<{ id: string; name: string }> {
  const select = { id: true, name: true, team: { select: { name: true } } } as const;
  const byId = await db.fabric.findUnique({ where: { id: idOrName }, select });
  if (byId) return byId;
  const [found, ...others] = await db.fabric.findMany({
    where: { nameKey: idOrName.toLowerCase() },
    orderBy: { id: "asc" },
    select,
  });
  if (!found) throw new Refusal(404, "not_found", `No fabric has the name or id “${idOrName}”.`);
  if (others.length === 0) return found;
  const list = [found, ...others].map(({ id, team }) => `  ${id} of team ${team.name}`).join("\n");
  throw new Refusal(
    409,
    "ambiguous",
    `Several fabrics are named “${idOrName}”. Name one by its id:\n${list}`,
  );
}
