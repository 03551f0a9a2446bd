import { numberAtScrape } from "@/automate/http/metrics";
import { type BackupStatus, backupStatus } from "@/lib/backups/queries";

const seconds = (at: Date | null) => (at?.getTime() ?? 0) / 1000;

/** Serves when the last backup was taken and the last drill passed. 0 means never, so that alerts fire then too. */
export function measureBackups(): void {
  const gauge = (name: string, help: string, of: (status: BackupStatus) => number) =>
    numberAtScrape({ name, help, read: async () => of(await backupStatus()) });
  gauge(
    "selvage_last_backup_timestamp_seconds",
    "When the last signed backup was taken; 0 for never.",
    (status) => seconds(status.backupTakenAt),
  );
  gauge("selvage_last_drill_timestamp_seconds", "When the last drill ended; 0 for never.", ({ drill }) =>
    seconds(drill?.endedAt ?? null),
  );
  gauge("selvage_last_drill_passed_timestamp_seconds", "When the last drill passed; 0 for never.", (status) =>
    seconds(status.drillPassedAt),
  );
}
