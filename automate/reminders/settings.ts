import { readFileSync } from "node:fs";
import type { automateEnv } from "@/lib/env";
import type { Channel } from "@/lib/reminders/schema";
import type { SmtpServer, WebhookServer } from "@/worker/deliver/protocol";

/** The operator's settings of reminders. Without a channel, automate finds and sends none. */
export type ReminderSettings = {
  email: SmtpServer | null;
  webhook: (WebhookServer & { secret: string }) | null;
  /** Web's address, for the links. */
  publicUrl: string;
  /** From this hour of each day, in UTC. */
  hour: number;
};

/** The settings of automate's environment, which is valid. Throws when the file of authorities cannot be read. */
export function reminderSettings(env: ReturnType<typeof automateEnv>): ReminderSettings {
  const ca = env.REMINDER_CA_FILE === undefined ? {} : { ca: readFileSync(env.REMINDER_CA_FILE, "utf8") };
  return {
    email: env.SMTP_URL === undefined ? null : { ...smtpServer(env.SMTP_URL, env), ...ca },
    webhook:
      env.REMINDER_WEBHOOK_URL === undefined
        ? null
        : { url: env.REMINDER_WEBHOOK_URL, secret: env.REMINDER_WEBHOOK_SECRET ?? "", ...ca },
    publicUrl: env.PUBLIC_URL ?? "",
    hour: env.REMINDER_HOUR,
  };
}

export function channelsOf({ email, webhook }: ReminderSettings): Channel[] {
  return [...(email ? (["email"] as const) : []), ...(webhook ? (["webhook"] as const) : [])];
}

function smtpServer(
  address: string,
  { SMTP_TLS, SMTP_FROM }: Pick<ReturnType<typeof automateEnv>, "SMTP_TLS" | "SMTP_FROM">,
): SmtpServer {
  const url = new URL(address);
  const isImplicit = url.protocol === "smtps:";
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  const clear = SMTP_TLS === "off" ? "off" : "starttls";
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isImplicit ? 465 : 587)),
    tls: isImplicit ? "implicit" : clear,
    ...(username && password ? { username, password } : {}),
    from: SMTP_FROM ?? "",
  };
}
