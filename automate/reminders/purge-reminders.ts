import { db } from "@/lib/db/client";

/** Longer than any occasion stays due: without its row, automate would send the reminder again. */
const keptDays = 100;

/** Deletes old reminders, passes and messages, ended snoozes and expired codes. */
export async function purgeReminders(): Promise<void> {
  const before = new Date(Date.now() - keptDays * 86_400_000);
  await db.outgoingMessage.deleteMany({ where: { outcome: { not: null }, endedAt: { lt: before } } });
  await db.reminder.deleteMany({ where: { createdAt: { lt: before } } });
  await db.reminderPass.deleteMany({ where: { at: { lt: before } } });
  await db.snooze.deleteMany({ where: { until: { lt: new Date() } } });
  await db.addressCode.deleteMany({ where: { expiresAt: { lt: new Date() } } });
}
