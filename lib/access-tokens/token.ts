import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const prefix = "svu_";

/**
 * A new personal access token: `svu_`, 256 random bits, and the CRC-32 of what stands before it, so that a secret scanner
 * can tell a leaked one from a string that merely looks alike. Shown once; its hash is all that is stored.
 */
export function newAccessToken(): { token: string; tokenHash: string } {
  const body = `${prefix}${randomBytes(32).toString("base64url")}`;
  const token = `${body}${checksum(body)}`;
  return { token, tokenHash: hashAccessToken(token) };
}

/** True for a string of the form of an access token, its checksum included. Says nothing of whether it was ever made. */
export function isAccessToken(text: string): boolean {
  const body = text.slice(0, -6);
  return /^svu_[A-Za-z0-9_-]{49}$/.test(text) && checksum(body) === text.slice(-6);
}

/** What an access token is found by. Random bits need no slow hash. */
export function hashAccessToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64url");
}
