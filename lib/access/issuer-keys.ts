import * as z from "zod";

/** Asymmetric algorithms only: a party that verifies tokens must not be able to make one. */
export const workloadAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

const minRsaBits = 2048;
const part = z.string().regex(/^[A-Za-z0-9_-]+$/);
const about = {
  kid: z.string().max(256).optional(),
  use: z.literal("sig").optional(),
  alg: z.enum(workloadAlgorithms).optional(),
};

/** A public key that can sign tokens. Parsing drops all other members. */
export const publicKey = z.discriminatedUnion("kty", [
  z.object({
    kty: z.literal("RSA"),
    n: part.refine((n) => bitsOf(n) >= minRsaBits),
    e: part.refine(isExponent),
    ...about,
  }),
  z.object({ kty: z.literal("EC"), crv: z.enum(["P-256", "P-384", "P-521"]), x: part, y: part, ...about }),
  z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: part, ...about }),
]);
export type PublicKey = z.infer<typeof publicKey>;

export const publicKeySet = z.object({ keys: z.array(publicKey).min(1).max(20) });
export type PublicKeySet = z.infer<typeof publicKeySet>;

const secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * Reads a pasted JWKS. Returns its keys, or a message that says what is wrong without repeating key material.
 */
export function readKeys(text: string): { keys: PublicKeySet } | { problem: string } {
  const parsed = parse(text);
  const list = typeof parsed === "object" && parsed !== null && "keys" in parsed ? parsed.keys : undefined;
  if (!Array.isArray(list)) return { problem: "Paste a JWKS: a JSON object with a “keys” array." };
  if (list.some(isSecret))
    return {
      problem: "This contains a private or secret key. Paste only public keys, and replace that key.",
    };
  const read = publicKeySet.safeParse({ keys: list });
  if (read.success) return { keys: read.data };
  const [, index] = read.error.issues[0]?.path ?? [];
  if (typeof index !== "number") return { problem: "Paste 1 to 20 keys." };
  return {
    problem: `Key ${index + 1} is not supported: use RSA with at least ${minRsaBits} bits, EC on P-256, P-384 or P-521, or Ed25519, for signatures.`,
  };
}

function isSecret(key: unknown): boolean {
  if (typeof key !== "object" || key === null) return false;
  return ("kty" in key && key.kty === "oct") || secretMembers.some((member) => member in key);
}

/** Bit length of a base64url number without its leading zeros, rounded up to a multiple of six. */
function bitsOf(number: string): number {
  const bare = number.replace(/^A+/, "");
  return bare.length * 6;
}

/** With the exponent 1, a signature equals the signed text, so anyone could forge one. */
function isExponent(e: string): boolean {
  const value = Buffer.from(e, "base64url").toString("hex").replace(/^0+/, "");
  return value !== "1" && /[13579bdf]$/.test(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
