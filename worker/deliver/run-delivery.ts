import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { Destination } from "@/lib/connectors/destination";
import type { Delivery, DeliveryFault, DeliveryJob } from "@/worker/deliver/protocol";
import { sendEmails, smtpFault } from "@/worker/deliver/smtp";
import { callWebhook } from "@/worker/deliver/webhook";
import { installEgressGuard } from "@/worker/egress/guard";

/**
 * Sends the messages of one job to its one server, and reports the outcome of each. The egress guard admits that
 * server alone. Use it only in a process that does nothing else.
 */
export async function runDelivery(job: DeliveryJob, send: (delivery: Delivery) => void): Promise<void> {
  const destination = serverOf(job);
  let socketFault: DeliveryFault | undefined;
  installEgressGuard({
    destinations: [destination],
    // The operator chose this server, which may be in their own network. Checks do not reach it by this.
    egressAllow: [`0.0.0.0/0:${destination.port}`, `::/0:${destination.port}`],
    onProgress: () => {},
    onFailure: ({ code }) => {
      socketFault ??= faultByCode[code] ?? "unreachable";
    },
  });
  const open = new Set(job.messages.map(({ id }) => id));
  const report = (id: string, fault: DeliveryFault | null) => {
    open.delete(id);
    send({ type: "delivery", id, fault: fault === "unreachable" ? (socketFault ?? fault) : fault });
  };
  const run =
    job.channel === "email"
      ? sendEmails(job.server, job.messages, report)
      : callWebhook(job.server, job.messages, report);
  await run.catch((error: unknown) => {
    const fault = socketFault ?? (job.channel === "email" ? smtpFault(error) : "unexpected");
    for (const id of open) report(id, fault);
  });
}

const faultByCode: Partial<Record<CheckCode, DeliveryFault>> = {
  name_not_found: "name_not_found",
  address_refused: "address_refused",
  timed_out: "timed_out",
  tls_untrusted: "tls_failed",
  tls_failed: "tls_failed",
};

function serverOf(job: DeliveryJob): Destination {
  const fields = { hostField: "", portField: "", secretFields: [] };
  if (job.channel === "email") {
    const { host, port, tls } = job.server;
    const protocol = tls === "implicit" ? "smtps" : "smtp";
    const mode = tls === "off" ? "disable" : "verify-full";
    return { protocol, host, port, tls: mode, ...fields };
  }
  const url = new URL(job.server.url);
  const isPlain = url.protocol === "http:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (isPlain ? 80 : 443));
  return { protocol: isPlain ? "http" : "https", host, port, ...fields };
}
