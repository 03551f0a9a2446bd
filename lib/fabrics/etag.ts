import "server-only";
import { createHash } from "node:crypto";

/** What tells one state of a fabric from the next (RFC 9110 §8.8.3): a digest of what can be changed of it. */
export function fabricEtag({ name, description }: { name: string; description: string }): string {
  const state = JSON.stringify([name, description]);
  return `"${createHash("sha256").update(state).digest("base64url")}"`;
}
