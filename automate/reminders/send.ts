import { endedMessages } from "@/automate/http/metrics";
import { composeCode, composeEvent, composeReminders } from "@/automate/reminders/compose";
import { deliver } from "@/automate/reminders/deliver";
import { type Claimed, claimMessages, endMessage, retryMessage } from "@/automate/reminders/outbox";
import type { ReminderSettings } from "@/automate/reminders/settings";
import { webhookHeaders } from "@/automate/reminders/webhook-signature";
import type { Channel } from "@/lib/reminders/schema";
import type { DeliveryFault, DeliveryJob } from "@/worker/deliver/protocol";

type Sender = {
  settings: ReminderSettings;
  workerPath: string;
  /** Reports a fault that operators should know: of the server, by a code, never by its words. */
  onFault: (channel: Channel, fault: DeliveryFault) => void;
  /** Ends a delivery at once. Its messages are sent when their lease has expired. */
  stop?: AbortSignal;
};

/** Sends the messages of one channel that are due now. Returns how many it took from the outbox. */
export async function sendDue(
  channel: Channel,
  { settings, workerPath, onFault, stop }: Sender,
): Promise<number> {
  const claimed = await claimMessages(channel);
  const { job, dropped } = await jobOf(channel, claimed, settings);
  for (const message of dropped) await end(message, "dropped");
  if (!job) return claimed.length;
  const outcomes = await deliver(workerPath, job, stop);
  for (const message of claimed) {
    const fault = outcomes.get(message.id);
    if (fault === undefined) continue;
    if (fault === null) await end(message, "sent");
    else {
      const state = await retryMessage(message, fault);
      if (state === "failed") endedMessages.inc({ channel, outcome: "failed" });
      onFault(channel, fault);
    }
  }
  return claimed.length;
}

async function end(message: Claimed, outcome: "sent" | "dropped"): Promise<void> {
  await endMessage(message, outcome);
  endedMessages.inc({ channel: message.channel, outcome });
}

/** The job of these messages, and those with nothing left to tell. */
async function jobOf(
  channel: Channel,
  claimed: readonly Claimed[],
  { email, webhook, publicUrl }: ReminderSettings,
): Promise<{ job: DeliveryJob | null; dropped: Claimed[] }> {
  const dropped: Claimed[] = [];
  const written = async <T>(write: (message: Claimed) => Promise<T | null>): Promise<T[]> => {
    const all: T[] = [];
    for (const message of claimed) {
      const one = await write(message);
      if (one === null) dropped.push(message);
      else all.push(one);
    }
    return all;
  };
  if (channel === "email" && email) {
    const messages = await written((message) =>
      message.kind === "code" ? composeCode(message, publicUrl) : composeReminders(message, publicUrl),
    );
    return { job: messages.length > 0 ? { channel, server: email, messages } : null, dropped };
  }
  if (channel === "webhook" && webhook) {
    const { secret, ...server } = webhook;
    const messages = await written(async (message) => {
      const body = await composeEvent(message, publicUrl);
      return body === null
        ? null
        : { id: message.id, body, headers: webhookHeaders(secret, { id: message.id, body }) };
    });
    return { job: messages.length > 0 ? { channel, server, messages } : null, dropped };
  }
  return { job: null, dropped };
}
