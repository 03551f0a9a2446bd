import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const { subtle } = webcrypto;
x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;

/**
 * A certificate with its private key, both PEM.
 * @typedef {{ cert: string, key: string }} Certificate
 * @typedef {{ names: readonly string[], notBefore?: Date, notAfter?: Date }} CertificateOptions
 * @typedef {{ cert: string, issue(options: CertificateOptions): Promise<Certificate> }} Authority
 */

/**
 * A new certificate authority, for the demo's server and for tests. Its private key stays in memory.
 * @param {string} name
 * @param {{ notAfter?: Date }} options
 * @returns {Promise<Authority>}
 */
export async function createAuthority(name, { notAfter = new Date(Date.now() + 400 * dayMs) } = {}) {
  const keys = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore: new Date(Date.now() - 400 * dayMs),
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    cert: authority.toString("pem"),
    async issue({
      names,
      notBefore = new Date(Date.now() - dayMs),
      notAfter: expiresAt = new Date(Date.now() + 30 * dayMs),
    }) {
      const leafKeys = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const leaf = await x509.X509CertificateGenerator.create({
        subject: `CN=${names[0] ?? "nobody"}`,
        issuer: authority.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        notBefore,
        notAfter: expiresAt,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? "ip" : "dns", value })),
          ),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
          // Strict clients, such as Python 3.13, require it.
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      const key = await subtle.exportKey("pkcs8", leafKeys.privateKey);
      return { cert: leaf.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}
