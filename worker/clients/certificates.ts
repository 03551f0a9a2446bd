import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { TlsMode } from "@/lib/connectors/destination";
import { CheckFailure } from "@/worker/check";

/** More than the public authorities of any system. Automate, too, parses them, and others wait for it meanwhile. */
const maxCertificates = 300;
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The public certificate authorities, from Node.js. Tests add their own. */
export const publicAuthorities: string[] = [...rootCertificates];

/** Returns the trusted authorities: the public ones and the connection's own, if any. */
function trustedAuthorities(caCertificate: string | Uint8Array | undefined): string[] {
  return caCertificate === undefined
    ? [...publicAuthorities]
    : [...publicAuthorities, ...readCertificates(caCertificate)];
}

/** Returns TLS options for a mode. The caller handles "disable". */
export function verification(mode: TlsMode, caCertificate: string | Uint8Array | undefined) {
  return {
    ca: trustedAuthorities(caCertificate),
    rejectUnauthorized: mode === "verify-full",
    minVersion: "TLSv1.2" as const,
  };
}

let publicContext: { count: number; context: SecureContext } | undefined;

/**
 * Returns TLS options with the public authorities only. Parsing those takes 30 ms, so all clients of a check
 * share the result.
 */
export function publicVerification() {
  const count = publicAuthorities.length;
  if (publicContext?.count !== count) {
    const context = createSecureContext({ ca: publicAuthorities, minVersion: "TLSv1.2" });
    publicContext = { count, context };
  }
  return { secureContext: publicContext.context, rejectUnauthorized: true };
}

/**
 * `verification` for clients that accept a TLS context and have no client certificate. Reuses the parsed
 * public authorities.
 */
export function sharedVerification(mode: TlsMode, caCertificate: string | Uint8Array | undefined) {
  if (caCertificate !== undefined) return verification(mode, caCertificate);
  return { ...publicVerification(), rejectUnauthorized: mode === "verify-full" };
}

/** Returns a client certificate and its key as `tls` expects them, after checking that they match. */
export function clientIdentity(
  certificate: Uint8Array | undefined,
  key: Uint8Array | undefined,
): { cert: string; key: string } | Record<string, never> {
  if (certificate === undefined || key === undefined) return {};
  const identity = { cert: text(certificate), key: text(key) };
  try {
    createPrivateKey(identity.key);
    createSecureContext(identity);
    return identity;
  } catch {
    throw new CheckFailure("client_certificate_invalid", "clientCertificate");
  }
}

/**
 * Parses PEM (one or several) or DER into PEM. Throws `CheckFailure` for more than `maxCertificates`, and for an unreadable
 * one, which Node.js itself would silently ignore.
 */
export function readCertificates(bytes: string | Uint8Array): string[] {
  const blocks = text(bytes).match(pemBlock);
  if (blocks !== null && blocks.length > maxCertificates)
    throw new CheckFailure("ca_certificate_invalid", "caCertificate");
  try {
    return blocks === null
      ? [new X509Certificate(Buffer.from(bytes)).toString()]
      : blocks.map((block) => new X509Certificate(block).toString());
  } catch {
    throw new CheckFailure("ca_certificate_invalid", "caCertificate");
  }
}

function text(bytes: string | Uint8Array): string {
  return typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1");
}
