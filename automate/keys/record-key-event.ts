import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** Records what happened to one key of a fabric. The fabric may be gone. */
export async function recordKeyEvent(
  tx: Tx,
  actor: Actor,
  action: "fabric.key.sign" | "fabric.key.destroy",
  { fabricId, kid }: { fabricId: string; kid: string },
): Promise<void> {
  const fabric = await tx.fabric.findUnique({
    where: { id: fabricId },
    select: { name: true, teamId: true },
  });
  await record(tx, {
    actor,
    teamId: fabric?.teamId ?? null,
    fabricId,
    action,
    object: { kind: "fabric", id: fabricId, name: fabric?.name ?? "" },
    details: { kid },
  });
}
