import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from "node:crypto";

const verifier12c = 0x4815;
const rounds = { password: 4096, session: 3 };

/**
 * The server's side of O5LOGON with a 12c verifier; the client's side is node-oracledb's encryptDecrypt.js.
 * Each side sends half of a session key, encrypted under a key derived from the password. Both halves then
 * encrypt the password itself, and the server's proof that it knew it.
 */
export function createVerifier(password: string) {
  const [salt, sessionSalt, ownHalf] = [randomBytes(16), randomBytes(16), randomBytes(32)];
  const named = Buffer.concat([salt, Buffer.from("AUTH_PBKDF2_SPEEDY_KEY")]);
  const passwordKey = pbkdf2Sync(password, named, rounds.password, 64, "sha512");
  const hash = createHash("sha512").update(passwordKey).update(salt).digest().subarray(0, 32);
  return {
    challenge: [
      ["AUTH_SESSKEY", encrypt(hash, ownHalf)],
      ["AUTH_VFR_DATA", hex(salt), verifier12c],
      ["AUTH_PBKDF2_CSK_SALT", hex(sessionSalt)],
      ["AUTH_PBKDF2_VGEN_COUNT", String(rounds.password)],
      ["AUTH_PBKDF2_SDER_COUNT", String(rounds.session)],
    ] satisfies [string, string, number?][],
    /** The server's proof for a client that sent the right password, or null. */
    prove(values: ReadonlyMap<string, string>): string | null {
      const theirHalf = decrypt(hash, values.get("AUTH_SESSKEY") ?? "");
      const halves = Buffer.from(hex(Buffer.concat([theirHalf, ownHalf])));
      const key = pbkdf2Sync(halves, sessionSalt, rounds.session, 32, "sha512");
      const sent = decrypt(key, values.get("AUTH_PASSWORD") ?? "").subarray(16);
      const padding = sent.at(-1) ?? 0;
      if (sent.subarray(0, Math.max(sent.length - padding, 0)).toString() !== password) return null;
      return encrypt(key, Buffer.concat([randomBytes(16), Buffer.from("SERVER_TO_CLIENT")]));
    },
  };
}

const noVector = Buffer.alloc(16);

function encrypt(key: Buffer, value: Buffer): string {
  const cipher = createCipheriv("aes-256-cbc", key, noVector).setAutoPadding(false);
  return hex(Buffer.concat([cipher.update(value), cipher.final()]));
}

function decrypt(key: Buffer, value: string): Buffer {
  const cipher = createDecipheriv("aes-256-cbc", key, noVector).setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.from(value, "hex")), cipher.final()]);
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex").toUpperCase();
}
