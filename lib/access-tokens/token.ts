import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const prefix = "svu_";

/**
 * Creates a personal access token: `svu_`, 256 random bits, and the CRC-32 of the preceding text. The
 * checksum lets secret scanners distinguish leaked tokens from similar strings.
 * The caller shows it once and stores only the hash.
 */
export function newAccessToken(): { token: string; tokenHash: string } {
  const body = `${prefix}${randomBytes(32).toString("base64url")}`;
  const token = `${body}${checksum(body)}`;
  return { token, tokenHash: hashAccessToken(token) };
}

/** True for text in the form of an access token with a correct checksum. The token need not exist. */
export function isAccessToken(text: string): boolean {
  const body = text.slice(0, -6);
  return /^svu_[A-Za-z0-9_-]{49}$/.test(text) && checksum(body) === text.slice(-6);
}

/** The hash by which a token is stored and found. Random bits need no slow hash. */
export function hashAccessToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64url");
}
