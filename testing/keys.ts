import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";

/** New test keys of a whole installation: the environments of both programs and of the operator, except their databases. */
export async function createTestKeys() {
  const [web, automate, operator] = await Promise.all([signingKey(), signingKey(), signingKey()]);
  const masterKeyFile = join(mkdtempSync(join(tmpdir(), "selvage-keys-")), "master.key");
  writeFileSync(masterKeyFile, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return {
    web: {
      SESSION_SECRET: randomBytes(32).toString("base64url"),
      PUBLIC_URL: "http://127.0.0.1:3000",
      AUTOMATE_URL: "http://127.0.0.1:3002",
      AUTOMATE_PUBLIC_URL: "http://127.0.0.1:3001",
      WEB_SIGNING_KEY: JSON.stringify(web.privateJwk),
      AUTOMATE_PUBLIC_KEY: JSON.stringify(automate.publicJwk),
    },
    automate: {
      MASTER_KEY_FILE: masterKeyFile,
      AUTOMATE_SIGNING_KEY: JSON.stringify(automate.privateJwk),
      WEB_PUBLIC_KEY: JSON.stringify(web.publicJwk),
      OPERATOR_PUBLIC_KEY: JSON.stringify(operator.publicJwk),
    },
    operator: { OPERATOR_SIGNING_KEY: JSON.stringify(operator.privateJwk) },
  };
}

/** A new Ed25519 pair, as JWK. */
export async function signingKey() {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) };
}
