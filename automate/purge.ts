import { purgeSignIns } from "@/automate/sign-in-budget";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db";

/**
 * Destroys the sealed values of deleted secrets, and forgets spent requests and old sign-ins. Safe to run at any time, by
 * several copies.
 */
export async function purge(): Promise<void> {
  await db.usedRequest.deleteMany({ where: { expiresAt: { lt: new Date(Date.now() - 60_000) } } });
  await purgeSignIns();
  const deleted = await db.secret.findMany({
    where: { deletedAt: { not: null }, usedBy: { none: {} } },
    select: { id: true, name: true, fabricId: true, fabric: { select: { teamId: true } } },
    take: 1000,
  });
  for (const { id, name, fabricId, fabric } of deleted) {
    await db.$transaction(async (tx) => {
      const { count } = await tx.secret.deleteMany({ where: { id, deletedAt: { not: null } } });
      if (count === 0) return;
      await record(tx, {
        actor: { kind: "system", id: "automate", name: "Automate" },
        teamId: fabric.teamId,
        fabricId,
        action: "secret.purge",
        object: { kind: "secret", id, name },
      });
    });
  }
}
