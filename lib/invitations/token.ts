import "server-only";
import { createHash, randomBytes } from "node:crypto";

/** Creates a one-time token of 256 random bits, and its hash. Only the hash is stored. */
export function newInvitationToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, tokenHash: hashInvitationToken(token) };
}

/** The hash by which an invitation is found. Random bits need no slow hash. */
export function hashInvitationToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
