import { createPrivateKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { CheckFailure } from "@/worker/check";

type ParseKey = (key: string) => ParsedKey | Error;

const invalidKey = () => new CheckFailure("private_key_invalid", "privateKey");

/**
 * Converts a private key to a form that `ssh2` reads. Accepts OpenSSH, PEM (PKCS#1, SEC 1 or PKCS#8) and
 * PuTTY 2 and 3.
 *
 * Also accepts a key encoded once more as Base64, as the documented product stores it, and one whose line
 * breaks were changed by copying.
 */
export function readPrivateKey(stored: string | Uint8Array, parseKey: ParseKey): string {
  const text = unwrap(Buffer.from(stored).toString("latin1"));
  if (isEncrypted(text)) throw new CheckFailure("private_key_encrypted", "privateKey");
  const key = convert(text);
  const parsed = parseKey(key);
  if (parsed instanceof Error) {
    const needsPassphrase = /encrypted|passphrase/i.test(parsed.message);
    throw needsPassphrase ? new CheckFailure("private_key_encrypted", "privateKey") : invalidKey();
  }
  if (!parsed.isPrivateKey()) throw invalidKey();
  return key;
}

const start = /-----BEGIN [A-Z ]+-----|PuTTY-User-Key-File-\d/;

function unwrap(text: string): string {
  const decoded = start.test(text) ? text : Buffer.from(text, "base64").toString("latin1");
  // For a key that was copied from JSON.
  const lines = decoded.replace(/\\r|\r/g, "").replaceAll("\\n", "\n");
  const header = start.exec(lines);
  return header === null ? "" : lines.slice(header.index).trim();
}

function isEncrypted(text: string): boolean {
  return /BEGIN ENCRYPTED|Proc-Type:.*ENCRYPTED|^\s*Encryption: (?!none)/m.test(text);
}

function convert(text: string): string {
  if (text.startsWith("PuTTY")) return fromPutty(text);
  const [, label, body] = /^-----BEGIN ([A-Z ]+)-----([\s\S]*?)-----END \1-----/.exec(text) ?? [];
  if (label === undefined || body === undefined) throw invalidKey();
  const base64 = body.replace(/\s+/g, "");
  const lines = base64.match(/.{1,64}/g)?.join("\n") ?? "";
  const pem = `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----`;
  return label === "PRIVATE KEY" ? fromPkcs8(pem) : pem;
}

/** Converts PKCS#8, the default of OpenSSL, which `ssh2` cannot read. */
function fromPkcs8(pem: string): string {
  const key = readWithNode(pem);
  switch (key.asymmetricKeyType) {
    case "rsa":
      return key.export({ type: "pkcs1", format: "pem" }).toString();
    case "ec":
      return key.export({ type: "sec1", format: "pem" }).toString();
    case "ed25519":
      return fromEd25519(key.export({ format: "jwk" }));
    default:
      throw invalidKey();
  }
}

function readWithNode(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalidKey();
  }
}

function fromEd25519({ x = "", d = "" }: JsonWebKeyInput["key"]): string {
  const [publicKey, seed] = [Buffer.from(x, "base64url"), Buffer.from(d, "base64url")];
  return openSshKey("ssh-ed25519", [publicKey], [publicKey, Buffer.concat([seed, publicKey])]);
}

/** the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html */
function fromPutty(text: string): string {
  const block = (name: string) => {
    const lines = new RegExp(`^${name}-Lines: \\d+\\n([A-Za-z0-9+/=\\s]+?)(?=\\n[A-Z][A-Za-z0-9-]+: )`, "m");
    return parts(Buffer.from(lines.exec(text)?.[1] ?? "", "base64"));
  };
  const [type, ...publicParts] = block("Public");
  const privateParts = block("Private");
  const [a, b] = publicParts;
  const [d, p, q, inverse] = privateParts;
  const name = type?.toString("latin1") ?? "";
  if (a === undefined || d === undefined) throw invalidKey();
  if (name === "ssh-ed25519") return openSshKey(name, [a], [a, Buffer.concat([d, a])]);
  if (b === undefined) throw invalidKey();
  if (name.startsWith("ecdsa-")) return openSshKey(name, [a, b], [a, b, d]);
  if (name !== "ssh-rsa" || p === undefined || q === undefined || inverse === undefined) throw invalidKey();
  return openSshKey(name, [a, b], [b, a, d, inverse, p, q]);
}

/** Splits length-prefixed SSH strings. Too short a remainder is padding. */
function parts(blob: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length; ) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) break;
    strings.push(blob.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** Builds an OpenSSH key without a passphrase (OpenSSH's PROTOCOL.key). */
function openSshKey(type: string, publicParts: Buffer[], privateParts: Buffer[]): string {
  // Random only in keys with a passphrase, to test the passphrase.
  const check = Buffer.alloc(4);
  const name = Buffer.from(type);
  const secret = Buffer.concat([check, check, pack(name, ...privateParts, Buffer.alloc(0))]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const none = Buffer.from("none");
  const blob = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    pack(none, none, Buffer.alloc(0)),
    Buffer.from([0, 0, 0, 1]),
    pack(pack(name, ...publicParts), Buffer.concat([secret, padding])),
  ]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----"].join("\n");
}

function pack(...values: Buffer[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(value.length);
      return [length, value];
    }),
  );
}
