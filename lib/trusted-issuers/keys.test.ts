import { generateKeyPairSync } from "node:crypto";
import { exportJWK } from "jose";
import { expect, test } from "vitest";
import { readKeys } from "@/lib/access/issuer-keys";

const pair = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  shortRsa: generateKeyPairSync("rsa", { modulusLength: 1024 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  secp256k1: generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  ed25519: generateKeyPairSync("ed25519"),
  x25519: generateKeyPairSync("x25519"),
};
const jwks = (...keys: object[]) => JSON.stringify({ keys });
const publicOf = async (name: keyof typeof pair) => exportJWK(pair[name].publicKey);

test.each(["rsa", "p256", "p384", "p521", "ed25519"] as const)(
  "a public %s key is accepted without its other members",
  async (name) => {
    const key = await publicOf(name);
    const text = jwks({ ...key, kid: "k1", use: "sig", x5c: ["MII"], note: "x" });
    expect(readKeys(text)).toEqual({ keys: { keys: [{ ...key, kid: "k1", use: "sig" }] } });
  },
);

test.each(["shortRsa", "secp256k1", "x25519"] as const)("a public %s key is rejected", async (name) => {
  expect(readKeys(jwks(await publicOf("rsa"), await publicOf(name)))).toEqual({
    problem:
      "Key 2 is not supported: use RSA with at least 2048 bits, EC on P-256, P-384 or P-521, or Ed25519, for signatures.",
  });
});

test.each(["AQ", "AAAB", "AAEA"])("an RSA key with the exponent %s is rejected", async (e) => {
  expect(readKeys(jwks({ ...(await publicOf("rsa")), e }))).toEqual({
    problem: expect.stringMatching(/^Key 1/),
  });
});

test("a private or symmetric key is rejected, and the answer repeats none of it", async () => {
  const key = await exportJWK(pair.ed25519.privateKey);
  for (const secret of [key, await exportJWK(pair.rsa.privateKey), { kty: "oct", k: "c2VjcmV0" }]) {
    const read = readKeys(jwks(await publicOf("rsa"), secret));
    expect(read).toEqual({
      problem: "This contains a private or secret key. Paste only public keys, and replace that key.",
    });
  }
});

test.each([
  ["no JSON", "-----BEGIN PUBLIC KEY-----", "Paste a JWKS: a JSON object with a “keys” array."],
  ["one key alone", '{"kty":"RSA"}', "Paste a JWKS: a JSON object with a “keys” array."],
  ["no keys", '{"keys":[]}', "Paste 1 to 20 keys."],
  [
    "an encryption key",
    '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","use":"enc"}]}',
    "Key 1 is not supported",
  ],
  [
    "a symmetric algorithm",
    '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","alg":"HS256"}]}',
    "Key 1 is not supported",
  ],
])("%s is rejected with a message", (_what, text, message) => {
  expect(readKeys(text)).toEqual({ problem: expect.stringContaining(message) });
});
