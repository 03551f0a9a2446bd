import { createDecipheriv, createPublicKey, diffieHellman, type JsonWebKey } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  compactDecrypt,
  exportJWK,
  generateKeyPair,
  type JWK,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import type { SealContext } from "@/lib/crypto/context";
import {
  fabricKeyStatement,
  UntrustedFabricKey,
  type VerifiedFabricKey,
  verifyFabricKey,
} from "@/lib/crypto/fabric-key";
import { CannotOpen, type OpeningKey, open, openingKey } from "@/lib/crypto/open";
import { Plaintext } from "@/lib/crypto/plaintext";
import { seal } from "@/lib/crypto/seal";
import aesGcm from "./vectors/aes_gcm_test.json";
import jwe from "./vectors/json_web_encryption_test.json";
import x25519 from "./vectors/x25519_jwk_test.json";

const sealContext: SealContext = {
  fabricId: "f1",
  secretId: "s1",
  subKind: "text",
  field: "value",
  version: 1,
};
const encode = (text: string) => new TextEncoder().encode(text);

let automate: { sign: (statement: string, typ?: string) => Promise<string>; publicJwk: JWK };
let fabric: { key: VerifiedFabricKey; publicJwk: JWK; privateKey: CryptoKey; opening: OpeningKey };

beforeAll(async () => {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  automate = {
    publicJwk: await exportJWK(pair.publicKey),
    sign: (statement, typ = "selvage-fabric-key") =>
      new CompactSign(encode(statement)).setProtectedHeader({ alg: "EdDSA", typ }).sign(pair.privateKey),
  };
  fabric = await makeFabricKey("f1", "k1");
});

async function makeFabricKey(fabricId: string, kid: string) {
  const pair = await generateKeyPair("ECDH-ES", { crv: "X25519", extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const signature = await automate.sign(fabricKeyStatement(fabricId, kid, publicJwk));
  const row = { fabricId, kid, publicJwk: JSON.stringify(publicJwk), signature };
  return {
    key: await verifyFabricKey(row, [automate.publicJwk]),
    publicJwk,
    privateKey: pair.privateKey,
    opening: openingKey(kid, (await exportJWK(pair.privateKey)) as JsonWebKey),
  };
}

const openDefault = async (sealed: string, context = sealContext, kid = "k1") =>
  open(sealed, { ...fabric.opening, kid, agreed: new Map() }, context);

/** The plaintext that `jose` returns, in hex; null when it refuses. */
const openByJose = (sealed: string) =>
  compactDecrypt(sealed, fabric.privateKey, {
    keyManagementAlgorithms: ["ECDH-ES"],
    contentEncryptionAlgorithms: ["A256GCM"],
  }).then(
    ({ plaintext }) => Buffer.from(plaintext).toString("hex"),
    () => null,
  );

describe("a sealed value", () => {
  test("opens in its own context to exactly the sealed bytes, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const opened = await openDefault(await seal(fabric.key, sealContext, bytes));
        expect([...opened.revealBytes()]).toEqual([...bytes]);
      }),
      { numRuns: 40 },
    );
  });

  test.each(["***", "\uFEFFbom", "a\r\nb\n", "nul\0nul", "••••", "𝄞"])(
    "preserves the text %j byte for byte",
    async (text) => {
      expect((await openDefault(await seal(fabric.key, sealContext, encode(text)))).revealText()).toBe(text);
    },
  );

  test("has exactly the protected header alg, enc, epk, kid, ctx", async () => {
    const [head] = (await seal(fabric.key, sealContext, encode("x"))).split(".");
    const header = JSON.parse(Buffer.from(head ?? "", "base64url").toString());
    expect(Object.keys(header).sort()).toEqual(["alg", "ctx", "enc", "epk", "kid"]);
    expect(header.ctx).toBe("v1/f1/s1/text/value/1");
  });

  test("does not open in any other context", async () => {
    const sealed = await seal(fabric.key, sealContext, encode("x"));
    const elsewhere: SealContext[] = [
      { ...sealContext, fabricId: "f2" },
      { ...sealContext, secretId: "s2" },
      { ...sealContext, subKind: "binary" },
      { ...sealContext, field: "password" },
      { ...sealContext, version: 2 },
    ];
    for (const other of elsewhere) await expect(openDefault(sealed, other)).rejects.toThrow(CannotOpen);
    await expect(openDefault(sealed, sealContext, "k2")).rejects.toThrow(CannotOpen);
  });

  test("does not open when one character changes or the value is cut short", async () => {
    const sealed = await seal(fabric.key, sealContext, encode("value"));
    for (let i = 0; i < sealed.length; i += 3) {
      const changed = sealed.slice(0, i) + (sealed[i] === "A" ? "B" : "A") + sealed.slice(i + 1);
      const opened = await openDefault(changed).catch((error: Error) => error);
      // The last character of a base64url part can have spare bits, so a change there can encode the same bytes.
      if (opened instanceof Plaintext) expect(opened.revealText()).toBe("value");
      else expect(opened).toBeInstanceOf(CannotOpen);
    }
    for (let cut = 1; cut < 60; cut += 1)
      await expect(openDefault(sealed.slice(0, -cut))).rejects.toThrow(CannotOpen);
  });

  test.each([
    ["a compressed value", { zip: "DEF" }],
    ["a further header member", { note: "x" }],
    ["a critical extension", { crit: ["b64"], b64: true }],
    ["another content encryption", { enc: "A128GCM" }],
    ["key wrapping", { alg: "ECDH-ES+A256KW" }],
  ])("with %s is refused", async (_what, extra) => {
    const header = { alg: "ECDH-ES", enc: "A256GCM", kid: "k1", ctx: "v1/f1/s1/text/value/1", ...extra };
    const sealed = await new CompactEncrypt(encode("x"))
      .setProtectedHeader(header)
      .encrypt(fabric.key.key, { crit: { b64: true } })
      .catch(() => undefined);
    if (sealed) await expect(openDefault(sealed)).rejects.toThrow(CannotOpen);
    else expect(header).toHaveProperty(Object.keys(extra)[0] ?? "");
  });

  test("opens as jose opens it; after any change, Selvage refuses what jose refuses", async () => {
    const change = fc.record({ at: fc.nat(), to: fc.constantFrom(..."AQgw-_.+= é") });
    const bytes = fc.uint8Array({ maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(change, { maxLength: 2 }), async (value, changes) => {
        let sealed = await seal(fabric.key, sealContext, value);
        for (const { at, to } of changes) {
          const i = at % sealed.length;
          sealed = sealed.slice(0, i) + to + sealed.slice(i + 1);
        }
        const ours = await openDefault(sealed).then(
          (opened) => Buffer.from(opened.revealBytes()).toString("hex"),
          () => null,
        );
        if (ours !== null) expect(ours).toBe(await openByJose(sealed));
        if (changes.length === 0) expect(ours).toBe(Buffer.from(value).toString("hex"));
      }),
      { numRuns: 300 },
    );
  });

  test("opens the second time like the first with the cached key agreement, and still validates everything else", async () => {
    const opening = { ...fabric.opening, agreed: new Map() };
    const sealed = await seal(fabric.key, sealContext, encode("x"));
    for (let i = 0; i < 2; i += 1) expect(open(sealed, opening, sealContext).revealText()).toBe("x");
    expect(opening.agreed.size).toBe(1);
    expect(() => open(sealed, opening, { ...sealContext, version: 2 })).toThrow(CannotOpen);
    expect(() => open(`${sealed.slice(0, -6)}AAAAAA`, opening, sealContext)).toThrow(CannotOpen);
    for (let i = 0; i < 1024; i += 1)
      open(await seal(fabric.key, sealContext, encode("y")), opening, sealContext);
    expect(opening.agreed.size).toBe(1024);
  });

  test("fails with the same error whatever the cause", async () => {
    const other = await makeFabricKey("f1", "k9");
    const causes = ["", "a.b.c.d.e", "not a jwe", await seal(other.key, sealContext, encode("x"))];
    const messages = await Promise.all(
      causes.map((sealed) => openDefault(sealed).catch((error: Error) => `${error.name} ${error.message}`)),
    );
    expect(new Set(messages).size).toBe(1);
  });

  test("cannot be sealed for one fabric to the key of another", async () => {
    await expect(seal(fabric.key, { ...sealContext, fabricId: "f2" }, encode("x"))).rejects.toThrow();
  });

  test("cannot be sealed for a context that only reads like another", async () => {
    await expect(seal(fabric.key, { ...sealContext, secretId: "s1/text" }, encode("x"))).rejects.toThrow();
  });
});

describe("a fabric's public key", () => {
  test("is refused for sealing when swapped, relabelled or signed by another key", async () => {
    const { publicJwk } = fabric;
    const stranger = await exportJWK(
      (await generateKeyPair("ECDH-ES", { crv: "X25519", extractable: true })).publicKey,
    );
    const signature = await automate.sign(fabricKeyStatement("f1", "k1", publicJwk));
    const good = { fabricId: "f1", kid: "k1", publicJwk: JSON.stringify(publicJwk), signature };
    const mallory = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    const forged = await new CompactSign(encode(fabricKeyStatement("f1", "k1", stranger)))
      .setProtectedHeader({ alg: "EdDSA", typ: "selvage-fabric-key" })
      .sign(mallory.privateKey);
    const bad = [
      { ...good, publicJwk: JSON.stringify(stranger) },
      { ...good, fabricId: "f2" },
      { ...good, kid: "k2" },
      { ...good, publicJwk: JSON.stringify(stranger), signature: forged },
      { ...good, signature: "" },
      {
        ...good,
        signature: await automate.sign(fabricKeyStatement("f1", "k1", publicJwk), "selvage-request"),
      },
    ];
    await expect(verifyFabricKey(good, [automate.publicJwk])).resolves.toBeDefined();
    for (const row of bad)
      await expect(verifyFabricKey(row, [automate.publicJwk])).rejects.toThrow(UntrustedFabricKey);
  });
});

describe("an opened value", () => {
  const secret = "canary-5f2c";
  const value = new Plaintext(encode(secret));

  test("appears in no string, inspection, JSON, spread or error", () => {
    expect(`${value}${inspect(value, { depth: 9, showHidden: true })}${inspect({ value })}`).not.toContain(
      secret,
    );
    expect(JSON.stringify({ ...value })).toBe("{}");
    expect(() => JSON.stringify({ value })).toThrow();
    expect(() => JSON.stringify({ value })).not.toThrow(secret);
  });
});

test("an opened value is gone after its bytes are overwritten", () => {
  const bytes = encode("k9-secret-k9");
  const value = new Plaintext(bytes);
  expect(value.revealText()).toBe("k9-secret-k9");
  value.wipe();
  expect(bytes).toEqual(new Uint8Array(12));
  expect(value.revealBytes()).toEqual(new Uint8Array(12));
});

describe("the Wycheproof vectors", () => {
  test("of JSON Web Encryption: no value with another algorithm, key or header opens", async () => {
    let refused = 0;
    for (const group of jwe.testGroups) {
      for (const vector of group.tests) {
        const compact =
          "jwe" in vector && typeof vector.jwe === "string" ? vector.jwe : JSON.stringify(vector);
        await expect(openDefault(compact)).rejects.toThrow(CannotOpen);
        refused += 1;
      }
    }
    expect(refused).toBe(jwe.numberOfTests);
  });

  test("of X25519: hostile public keys give no agreement, good ones the expected result", async () => {
    let judged = 0;
    for (const group of x25519.testGroups) {
      for (const vector of group.tests) {
        const outcome = await agree(vector.public as JWK, vector.private as JWK);
        if (vector.result === "invalid") expect(outcome, `tcId ${vector.tcId}`).toBeNull();
        if (vector.result === "valid") expect(outcome, `tcId ${vector.tcId}`).toBe(vector.shared);
        if (/^0*$/.test(vector.shared ?? "x")) expect(outcome, `tcId ${vector.tcId}`).toBeNull();
        judged += 1;
      }
    }
    expect(judged).toBe(x25519.numberOfTests);
  });

  test("of AES-GCM with 256-bit keys: valid ones decrypt, changed ones do not", () => {
    let judged = 0;
    for (const group of aesGcm.testGroups) {
      if (group.keySize !== 256 || group.ivSize !== 96 || group.tagSize !== 128) continue;
      for (const vector of group.tests) {
        const outcome = decrypt(vector);
        expect(outcome, `tcId ${vector.tcId}`).toBe(vector.result === "valid" ? vector.msg : null);
        judged += 1;
      }
    }
    expect(judged).toBe(66);
  });
});

/** The shared secret that an opening derives, in hex; null when it refuses. */
async function agree(publicJwk: JWK, privateJwk: JWK): Promise<string | null> {
  try {
    const { crv = "", x = "", kty = "" } = publicJwk;
    const publicKey = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
    const { key } = openingKey("k", privateJwk as JsonWebKey);
    return diffieHellman({ privateKey: key, publicKey }).toString("hex");
  } catch {
    return null;
  }
}

function decrypt({
  key,
  iv,
  aad,
  ct,
  tag,
}: {
  key: string;
  iv: string;
  aad: string;
  ct: string;
  tag: string;
}): string | null {
  const hex = (text: string) => Buffer.from(text, "hex");
  try {
    const cipher = createDecipheriv("aes-256-gcm", hex(key), hex(iv)).setAAD(hex(aad)).setAuthTag(hex(tag));
    return Buffer.concat([cipher.update(hex(ct)), cipher.final()]).toString("hex");
  } catch {
    return null;
  }
}
