import { createHmac } from "node:crypto";

/**
 * The headers of a webhook call (standardwebhooks.com): its id, which stays the same at each attempt, the present time
 * in seconds, and an HMAC-SHA256 over both and the body. `secret` is the text `whsec_` and the key in base64.
 */
export function webhookHeaders(
  secret: string,
  { id, body }: { id: string; body: string },
  now = new Date(),
): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
