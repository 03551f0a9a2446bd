import { ReminderNotice } from "@/components/reminders/reminder-notice";
import { daysUntil, expiringDays, whenText } from "@/lib/expiry/schema";
import type { Snooze } from "@/lib/reminders/schema";
import type { SecretDetail } from "@/lib/secrets/schema";

/** Says that the current value expires soon, or has expired. */
export function SecretExpiryNotice({
  fabricId,
  secret,
  snooze,
}: {
  fabricId: string;
  secret: SecretDetail;
  snooze: Snooze | null;
}) {
  const { expiry, owner } = secret;
  if (!expiry) return null;
  const now = new Date();
  const days = daysUntil(expiry.at, now);
  if (days >= expiringDays) return null;
  return (
    <ReminderNotice
      fabricId={fabricId}
      topic="secret.expires"
      object={secret}
      snooze={snooze}
      isOver={days < 0}
      title={days < 0 ? "This value has expired" : `This value expires ${whenText(expiry.at, now)}`}
    >
      {`Replace it before connections and pipelines fail. ${owner ? `Its owner is ${owner.name}` : "It has no owner, so the Admins of the team take care of it"}.`}
    </ReminderNotice>
  );
}
