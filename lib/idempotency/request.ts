import "server-only";
import { createHmac } from "node:crypto";
import type { Actor } from "@/lib/actor";
import { webEnv } from "@/lib/env";

/** A create that must run only once: the key to find it by, and a MAC to compare its body. */
export type IdempotentRequest = { readonly key: string; readonly bodyMac: string };

/** How long a repeated create returns the stored result, in milliseconds. */
export const replayForMs = 24 * 60 * 60_000;

/**
 * Derives the stored form of an Idempotency-Key and its body: HMAC-SHA-256 under a key that only web has.
 * A body can contain a secret's value. An attacker who reads the database could guess the value from an
 * unkeyed hash.
 */
export function idempotentRequest(
  actor: Actor,
  { path, key, body }: { path: string; key: string; body: Uint8Array },
): IdempotentRequest {
  return { key: mac("key", actor.id, path, key), bodyMac: mac("body", key, body) };
}

/** The same for a form: all attempts of the form share a key, and the MAC covers its parsed input. */
export function idempotentForm(actor: Actor, key: string, input: unknown): IdempotentRequest {
  const bytes = (_name: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  return { key: mac("form", actor.id, key), bodyMac: mac("form body", key, JSON.stringify(input, bytes)) };
}

function mac(...parts: (string | Uint8Array)[]): string {
  const hmac = createHmac("sha256", webEnv().SESSION_SECRET).update("idempotency");
  // Prefixes each part with its length, so that two different lists never give the same bytes.
  for (const part of parts) hmac.update(`\n${Buffer.byteLength(part)}\n`).update(part);
  return hmac.digest("base64url");
}
