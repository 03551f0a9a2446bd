import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { TlsMode } from "@/lib/connectors/destination";
import { CheckFailure } from "@/worker/check";

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The authorities that everybody trusts: those of Node.js. Tests add their own. */
export const publicAuthorities: string[] = [...rootCertificates];

/** The authorities to trust: the public ones and, where one is given, the connection's own. */
export function trustedAuthorities(own: string | Uint8Array | undefined): string[] {
  return own === undefined ? [...publicAuthorities] : [...publicAuthorities, ...readCertificates(own)];
}

/** Verification as the TLS mode says; the caller has dealt with "disable". */
export function verification(mode: TlsMode, own: string | Uint8Array | undefined) {
  return {
    ca: trustedAuthorities(own),
    rejectUnauthorized: mode === "verify-full",
    minVersion: "TLSv1.2" as const,
  };
}

let publicContext: { of: number; context: SecureContext } | undefined;

/** Verification by the public authorities alone. Reading them takes 30 ms: the services of one check share what was read. */
export function publicVerification() {
  const of = publicAuthorities.length;
  if (publicContext?.of !== of) {
    const context = createSecureContext({ ca: publicAuthorities, minVersion: "TLSv1.2" });
    publicContext = { of, context };
  }
  return { secureContext: publicContext.context, rejectUnauthorized: true };
}

/** As `verification`, for clients without a certificate of their own that take a context: the public authorities were read ahead. */
export function sharedVerification(mode: TlsMode, own: string | Uint8Array | undefined) {
  if (own !== undefined) return verification(mode, own);
  return { ...publicVerification(), rejectUnauthorized: mode === "verify-full" };
}

/** A client certificate and its key in the form that `tls` takes, proved to belong together. */
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

/** PEM (one or several) or DER; Node.js itself would take an unreadable CA for an empty one, in silence. */
function readCertificates(bytes: string | Uint8Array): string[] {
  const blocks = text(bytes).match(pemBlock);
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
