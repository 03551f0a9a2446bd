import "server-only";
import { createHash, randomBytes } from "node:crypto";

/** A new one-time token, 256 random bits, and the hash that is all that is stored of it. */
export function newInvitationToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, tokenHash: hashInvitationToken(token) };
}

/** What an invitation is found by. Random bits need no slow hash. */
export function hashInvitationToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
