import "server-only";
import { grant, type Scope } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";

/**
 * Returns the scope for a scheduled check of a saved connection, or null when the fabric was deleted. Only
 * automate's scheduler calls this.
 */
export async function authorizeBackground(fabricId: string): Promise<Scope<"connection:check"> | null> {
  const fabric = await db.fabric.findUnique({
    where: { id: fabricId },
    select: { id: true, teamId: true, accessEpoch: true, deletion: { select: { fabricId: true } } },
  });
  if (!fabric || fabric.deletion) return null;
  return grant(systemActor, "background", { ...fabric, isDeleted: false }, "connection:check");
}
