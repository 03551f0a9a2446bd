import { setTimeout as sleep } from "node:timers/promises";
import { findReminders } from "@/automate/reminders/daily-pass";
import { sendDue } from "@/automate/reminders/send";
import { channelsOf, type ReminderSettings } from "@/automate/reminders/settings";
import { db } from "@/lib/db/client";
import type { Channel } from "@/lib/reminders/schema";
import type { DeliveryFault } from "@/worker/deliver/protocol";

type Settings = {
  settings: ReminderSettings;
  /** The program of check workers, or the socket of their host. */
  workerPath: string;
  /** Receives only the error's name. */
  onError: (name: string) => void;
  onFault: (channel: Channel, fault: DeliveryFault) => void;
  /** How often it looks for messages, in milliseconds. */
  pollMs?: number;
};

const upkeepEveryMs = 60_000;

/**
 * Finds reminders once a day and sends them, in the background. Copies of automate share the work by rows. Errors never
 * stop it. Does nothing when the operator set up no channel.
 */
export function startReminders({ settings, workerPath, onError, onFault, pollMs = 5_000 }: Settings) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const channels = channelsOf(settings);
  const onFailure = (error: unknown) => onError(error instanceof Error ? error.name : "Error");
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});

  async function keepUp(): Promise<void> {
    for (; !signal.aborted; await pause(upkeepEveryMs)) {
      await showChannels(channels).catch(onFailure);
      if (new Date().getUTCHours() >= settings.hour) await findReminders(channels).catch(onFailure);
    }
  }

  async function send(channel: Channel): Promise<void> {
    while (!signal.aborted) {
      if (channel === "email") await queueCodes().catch(onFailure);
      const taken = await sendDue(channel, { settings, workerPath, onFault, stop: signal }).catch(
        (error: unknown) => {
          onFailure(error);
          return 0;
        },
      );
      if (taken === 0) await pause(pollMs);
    }
  }

  const running = channels.length === 0 ? [] : [keepUp(), ...channels.map(send)];
  return {
    /** Ends the deliveries under way. */
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

async function showChannels(channels: readonly Channel[]): Promise<void> {
  for (const channel of channels)
    await db.$executeRaw`
      INSERT INTO reminder_channel (channel, "seenAt") VALUES (${channel}, now())
      ON CONFLICT (channel) DO UPDATE SET "seenAt" = now()`;
}

/** Puts the codes that people asked for into the outbox. */
export async function queueCodes(): Promise<void> {
  await db.$transaction(async (tx) => {
    const asked = await tx.$queryRaw<{ userId: string }[]>`
      UPDATE address_code SET "queuedAt" = now() WHERE "queuedAt" IS NULL AND "expiresAt" > now() RETURNING "userId"`;
    if (asked.length > 0)
      await tx.outgoingMessage.createMany({
        data: asked.map(({ userId }) => ({ channel: "email", kind: "code", userId })),
      });
  });
}
