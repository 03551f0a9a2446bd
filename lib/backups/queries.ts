import "server-only";
import { db } from "@/lib/db/client";

/** The last backup and drills, for an operator and for alerts; null without one. */
export type BackupStatus = {
  backupTakenAt: Date | null;
  /** The last drill that ended. */
  drill: { endedAt: Date; passed: boolean; opened: number; unopened: number } | null;
  drillPassedAt: Date | null;
};

/** The backups and drills that automate has recorded. */
export async function backupStatus(): Promise<BackupStatus> {
  const ended = { endedAt: { not: null } };
  const last = {
    orderBy: { endedAt: "desc" },
    select: { endedAt: true, passed: true, opened: true, unopened: true },
  } as const;
  const [backup, drill, passed] = await Promise.all([
    db.backup.findFirst({ orderBy: { takenAt: "desc" }, select: { takenAt: true } }),
    db.drill.findFirst({ where: ended, ...last }),
    db.drill.findFirst({ where: { ...ended, passed: true }, ...last }),
  ]);
  return {
    backupTakenAt: backup?.takenAt ?? null,
    drill: drill?.endedAt ? { ...drill, endedAt: drill.endedAt, passed: drill.passed === true } : null,
    drillPassedAt: passed?.endedAt ?? null,
  };
}
