import "server-only";
import { createHmac } from "node:crypto";
import type { Actor } from "@/lib/actor";
import { webEnv } from "@/lib/env";

/** A create that its caller wants done once: what it is found by, and what its body is compared by. */
export type IdempotentRequest = { readonly key: string; readonly bodyMac: string };

/** How long a repeated create is answered with what it made. */
export const replayForMs = 24 * 60 * 60_000;

/**
 * What is stored of an Idempotency-Key and of the body it came with: HMAC-SHA-256 under a key that only web has. A body can
 * hold a secret's value, and an unkeyed digest of that could be guessed.
 */
export function idempotentRequest(
  actor: Actor,
  { path, key, body }: { path: string; key: string; body: Uint8Array },
): IdempotentRequest {
  return { key: mac("key", actor.id, path, key), bodyMac: mac("body", key, body) };
}

/** The same of a form, whose attempts share a key, and of what was parsed of it. */
export function idempotentForm(actor: Actor, key: string, input: unknown): IdempotentRequest {
  const bytes = (_name: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  return { key: mac("form", actor.id, key), bodyMac: mac("form body", key, JSON.stringify(input, bytes)) };
}

function mac(...parts: (string | Uint8Array)[]): string {
  const hmac = createHmac("sha256", webEnv().SESSION_SECRET).update("idempotency");
  // Each part with its length, so that two lists never read alike.
  for (const part of parts) hmac.update(`\n${Buffer.byteLength(part)}\n`).update(part);
  return hmac.digest("base64url");
}
