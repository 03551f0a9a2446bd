import { operatorActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import type { BackupStatement } from "@/lib/backups/schema";
import { signStatement } from "@/lib/backups/statement";
import { db } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

/** Signs the digest of a backup's manifest, and keeps which backups exist. */
export async function signBackup({
  bytes,
  ...statement
}: BackupStatement & { bytes: number }): Promise<{ signature: string }> {
  const signature = await signStatement("selvage-backup", statement, automateEnv().AUTOMATE_SIGNING_KEY);
  const { backup: id, takenAt, manifest } = statement;
  await db.$transaction(async (tx) => {
    await tx.backup.create({ data: { id, takenAt: new Date(takenAt), manifest, bytes } });
    await record(tx, {
      actor: operatorActor,
      teamId: null,
      fabricId: null,
      action: "backup.sign",
      object: { kind: "backup", id, name: takenAt },
      details: { bytes },
    });
  });
  return { signature };
}
