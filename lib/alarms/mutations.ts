import "server-only";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import { NotFound, ok, type Result } from "@/lib/result";

/** Records that an Admin has seen a secret's alarms. Its banner disappears until the next alarm. */
export async function acknowledgeAlarm(
  { actor, fabricId, teamId }: Scope<"alarm:acknowledge">,
  { secretId }: { secretId: string },
): Promise<Result<null, never>> {
  const alarm = await db.auditEvent.findFirst({
    where: { fabricId, objectId: secretId, action: "secret.alarm" },
    orderBy: { id: "desc" },
    select: { objectName: true },
  });
  if (!alarm) throw new NotFound("Alarm not found.");
  await record(db, {
    actor,
    teamId,
    fabricId,
    action: "secret.alarm.acknowledge",
    object: { kind: "secret", id: secretId, name: alarm.objectName },
  });
  return ok(null);
}
