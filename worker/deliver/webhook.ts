import { errorProperty } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { loadUndici } from "@/worker/clients/undici";
import type { Call, DeliveryFault, WebhookServer } from "@/worker/deliver/protocol";
import type { Report } from "@/worker/deliver/smtp";

const timeoutMs = 10_000;
/** An answer is read and thrown away, so that its connection can be used again. A longer one closes it. */
const maxAnswerBytes = 65_536;

/** Calls the webhook once for each message. Follows no redirect, and reads no answer but its status. */
export async function callWebhook(
  { url, ca }: WebhookServer,
  messages: readonly Call[],
  report: Report,
): Promise<void> {
  const { Agent, request } = await loadUndici();
  const dispatcher = new Agent({
    connect: { ...sharedVerification("verify-full", ca), timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  for (const { id, headers, body } of messages) {
    const fault = await request(url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "selvage", ...headers },
      body,
      dispatcher,
    }).then(async ({ statusCode, body: answer }) => {
      await answer.dump({ limit: maxAnswerBytes }).catch(() => {});
      return statusFault(statusCode);
    }, webhookFault);
    report(id, fault);
  }
}

function statusFault(status: number): DeliveryFault | null {
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) return "rejected_credentials";
  return status === 429 || status >= 500 ? "busy" : "rejected_message";
}

function webhookFault(error: unknown): DeliveryFault {
  return /TIMEOUT/.test(errorProperty(error, "code")) ? "timed_out" : "unreachable";
}
