import "server-only";
import { createHmac } from "node:crypto";
import type { Actor } from "@/lib/access/scope";
import { webEnv } from "@/lib/env";

/** A create that its caller wants done once: what it is found by, and what its body is compared by. */
export type Once = { readonly key: string; readonly bodyMac: string };

/** How long a repeated create is answered with what it made. */
export const onceForMs = 24 * 60 * 60_000;

/**
 * What is stored of an Idempotency-Key and of the body it came with: HMAC-SHA-256 under a key that only web has. A body can
 * hold a secret's value, and an unkeyed digest of that could be guessed.
 */
export function onceOf(
  actor: Actor,
  { path, key, body }: { path: string; key: string; body: Uint8Array },
): Once {
  return { key: mac("key", actor.id, path, key), bodyMac: mac("body", key, Buffer.from(body)) };
}

function mac(...parts: (string | Uint8Array)[]): string {
  const hmac = createHmac("sha256", webEnv().SESSION_SECRET).update("idempotency");
  // Each part with its length, so that two lists never read alike.
  for (const part of parts) hmac.update(`\n${Buffer.byteLength(part)}\n`).update(part);
  return hmac.digest("base64url");
}
