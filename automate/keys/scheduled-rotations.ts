import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { AlreadyRotating } from "@/automate/keys/key-rotation";
import { masterKeyOf } from "@/automate/keys/master-key-of";
import { startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { systemActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";

/** How many scheduled rotations run at once. The others stay due. */
const maxRunning = 5;

/**
 * Starts the rotation of fabrics whose key is older than `days`, the oldest first. Several copies of automate may
 * do so at once: a fabric has one rotation at a time. The key service of one team does not stop the others: neither
 * fabrics whose master key is not usable, nor rotations that it has stopped, take their places.
 */
export async function startDueRotations(keys: FabricKeys, days: number): Promise<void> {
  const running = await db.keyRotation.count({
    where: { kind: "fabric", state: "running", startedById: systemActor.id, lastError: "" },
  });
  if (running >= maxRunning) return;
  const due = await db.$queryRaw<{ id: string; chosen: string }[]>`
    SELECT f.id, coalesce(m."masterKeyId", '') AS chosen FROM fabric f
    LEFT JOIN fabric_master_key m ON m."fabricId" = f.id
    JOIN LATERAL (SELECT max("createdAt") AS at FROM fabric_key k WHERE k."fabricId" = f.id) newest ON true
    WHERE newest.at < now() - make_interval(days => ${days}::int)
      AND NOT EXISTS (SELECT 1 FROM fabric_deletion d WHERE d."fabricId" = f.id)
      AND NOT EXISTS (SELECT 1 FROM key_rotation r WHERE r."fabricId" = f.id AND r.state <> 'done')
    ORDER BY newest.at`;
  let free = maxRunning - running;
  const faults = new Map<string, KeyServiceFault>();
  for (const { id, chosen } of due) {
    if (free === 0) break;
    if (faults.has(chosen)) continue;
    try {
      await start(keys, id);
      free -= 1;
    } catch (error) {
      if (!(error instanceof KeyServiceFault)) throw error;
      faults.set(chosen, error);
    }
  }
  const [fault] = faults.values();
  if (fault) throw fault;
}

async function start(keys: FabricKeys, fabricId: string): Promise<void> {
  const pair = await keys.newPair(fabricId, await masterKeyOf(db, keys.keyring, fabricId));
  await db
    .$transaction((tx) => startFabricRotation(tx, pair, systemActor))
    .catch((error: unknown) => {
      if (!(error instanceof AlreadyRotating)) throw error;
    });
}
