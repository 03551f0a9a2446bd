import { EndSnoozeButton } from "@/components/reminders/end-snooze-button";
import { SnoozeButton } from "@/components/reminders/snooze-button";
import { Banner } from "@/components/ui/banner";
import { Day } from "@/components/ui/day";
import type { SnoozableTopic, Snooze } from "@/lib/reminders/schema";

/** What reminders are about, with a way to put them off; or who put them off, and why. */
export function ReminderNotice({
  fabricId,
  topic,
  object,
  snooze,
  isOver,
  title,
  children,
}: {
  fabricId: string;
  topic: SnoozableTopic;
  object: { id: string; name: string };
  snooze: Snooze | null;
  /** True for what has expired or fails, rather than being about to. */
  isOver: boolean;
  title: string;
  children: string;
}) {
  if (snooze)
    return (
      <Banner
        tone="info"
        title={title}
        action={<EndSnoozeButton fabricId={fabricId} topic={topic} object={object} />}
      >
        {snooze.byName} snoozed the reminders until <Day date={snooze.until} />: “{snooze.reason}”
      </Banner>
    );
  return (
    <Banner
      tone={isOver ? "danger" : "warning"}
      title={title}
      action={<SnoozeButton fabricId={fabricId} topic={topic} object={object} />}
    >
      {children}
    </Banner>
  );
}
