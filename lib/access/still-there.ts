import "server-only";
import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import { NotFound } from "@/lib/result";

/**
 * Throws `NotFound` when the scope's fabric was deleted after the scope was granted. For work that may have
 * waited for minutes since then.
 */
export async function requireStillThere({ fabricId }: Pick<Scope<Permission>, "fabricId">): Promise<void> {
  const deletion = await db.fabricDeletion.findUnique({ where: { fabricId }, select: { fabricId: true } });
  if (deletion) throw new NotFound("Fabric not found.");
}
