import "server-only";
import { createHash } from "node:crypto";

/** The entity tag of a fabric's state (RFC 9110 §8.8.3): a hash of its editable fields. */
export function fabricEtag({ name, description }: { name: string; description: string }): string {
  const state = JSON.stringify([name, description]);
  return `"${createHash("sha256").update(state).digest("base64url")}"`;
}
