import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { contextHeader, type SealContext } from "@/lib/crypto/context";
import { Plaintext } from "@/lib/crypto/plaintext";

/** A sealed value did not open. One error for every cause: a caller learns nothing from which. */
export class CannotOpen extends Error {
  override name = "CannotOpen";

  constructor() {
    super("The sealed value does not open in this place with this key.");
  }
}

/** A private key that opens, with what it agreed on lately: as secret as the key, and dropped together with it. */
export type OpeningKey = {
  readonly kid: string;
  readonly key: KeyObject;
  /** Protected header → the place that it is for, and the key of the value behind it. */
  readonly agreed: Map<string, { ctx: string; contentKey: Buffer }>;
};

const mostAgreed = 1024;

/** The opening half of the pair `kid`, from its private JWK. Throws for any key that is not X25519. */
export function openingKey(kid: string, jwk: JsonWebKey): OpeningKey {
  if (jwk.kty !== "OKP" || jwk.crv !== "X25519") throw new Error("A fabric's key is X25519.");
  return { kid, key: createPrivateKey({ key: jwk, format: "jwk" }), agreed: new Map() };
}

const algorithm = Buffer.from("A256GCM", "ascii");
const firstRound = uint32(1);
/** AlgorithmID, no PartyUInfo, no PartyVInfo, and the length of the key (RFC 7518 §4.6.2). */
const otherInfo = Buffer.concat([uint32(algorithm.length), algorithm, uint32(0), uint32(0), uint32(256)]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const headerMembers = ["alg", "ctx", "enc", "epk", "kid"];
const [ivBytes, tagBytes] = [12, 16];

/**
 * Opens one field that was sealed for `context` to the key `kid`: compact JWE (RFC 7516), ECDH-ES over X25519, A256GCM.
 * The header is judged before any key agreement: any other member (`zip` above all), algorithm, key or place is refused.
 * By synchronous `node:crypto`, several times as fast as WebCrypto through a thread pool; held to `jose`, which seals, by a
 * property test. Throws `CannotOpen`, always the same.
 */
export function open(sealed: string, opening: OpeningKey, context: SealContext): Plaintext {
  try {
    const [protectedHeader, iv, ciphertext, tag] = parts(sealed);
    const contentKey = agree(opening, protectedHeader, contextHeader(context));
    const decipher = createDecipheriv("aes-256-gcm", contentKey, exactly(ivBytes, iv), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(protectedHeader, "ascii")).setAuthTag(exactly(tagBytes, tag));
    const start = decipher.update(decode(ciphertext));
    const rest = decipher.final();
    return new Plaintext(rest.length === 0 ? start : Buffer.concat([start, rest]));
  } catch {
    throw new CannotOpen();
  }
}

/**
 * The key of one sealed value, once its header is judged. The curve is most of the work of opening, so its outcome is kept as
 * long as the private key, for the very header that was judged.
 */
function agree({ kid, key, agreed }: OpeningKey, protectedHeader: string, ctx: string): Buffer {
  const known = agreed.get(protectedHeader);
  if (known?.ctx === ctx) return known.contentKey;
  const header: unknown = JSON.parse(decode(protectedHeader).toString("utf8"));
  const x = judge(header, kid, ctx);
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
  const contentKey = deriveKey(diffieHellman({ privateKey: key, publicKey }));
  const [oldest] = agreed.keys();
  if (agreed.size >= mostAgreed && oldest !== undefined) agreed.delete(oldest);
  agreed.set(protectedHeader, { ctx, contentKey });
  return contentKey;
}

/** The four parts that a direct key agreement has; the second, an encrypted key, is empty. */
function parts(sealed: string): [string, string, string, string] {
  const [protectedHeader, encryptedKey, iv, ciphertext, tag, more] = sealed.split(".");
  if (
    !protectedHeader ||
    encryptedKey !== "" ||
    !iv ||
    ciphertext === undefined ||
    !tag ||
    more !== undefined
  )
    throw new CannotOpen();
  return [protectedHeader, iv, ciphertext, tag];
}

/** The ephemeral public key of a header that is exactly as expected. */
function judge(header: unknown, kid: string, ctx: string): string {
  if (typeof header !== "object" || header === null) throw new CannotOpen();
  const isExpected =
    Object.keys(header).sort().join() === headerMembers.join() &&
    "alg" in header &&
    header.alg === "ECDH-ES" &&
    "enc" in header &&
    header.enc === "A256GCM" &&
    "kid" in header &&
    header.kid === kid &&
    "ctx" in header &&
    header.ctx === ctx;
  const x = isExpected && "epk" in header ? onlyX25519(header.epk) : null;
  if (x === null) throw new CannotOpen();
  return x;
}

function onlyX25519(epk: unknown): string | null {
  if (typeof epk !== "object" || epk === null || Object.keys(epk).length !== 3) return null;
  const isX25519 = "kty" in epk && epk.kty === "OKP" && "crv" in epk && epk.crv === "X25519";
  return isX25519 && "x" in epk && typeof epk.x === "string" ? epk.x : null;
}

/** Concat KDF with SHA-256 for direct agreement (RFC 7518 §4.6.2, RFC 8037 §3.2): one round gives all 256 bits. */
function deriveKey(shared: Buffer): Buffer {
  return hash("sha256", Buffer.concat([firstRound, shared, otherInfo]), "buffer");
}

/** Bytes of base64url; Buffer by itself would skip what is none. */
function decode(part: string): Buffer {
  if (!/^[A-Za-z0-9_-]*$/.test(part)) throw new CannotOpen();
  return Buffer.from(part, "base64url");
}

function exactly(length: number, part: string): Buffer {
  const bytes = decode(part);
  if (bytes.length !== length) throw new CannotOpen();
  return bytes;
}
