import "server-only";
import { X509Certificate } from "node:crypto";
import { hostPortOf } from "@/lib/egress/host";
import type { SecretFacts } from "@/lib/secrets/schema";

/** The metadata of a file: name, size and, for a PEM or DER certificate, subject, issuer and expiry. */
export function factsOfFile(bytes: Uint8Array, fileName: string | undefined): SecretFacts {
  const certificate = certificateOf(bytes);
  return {
    ...(fileName ? { fileName } : {}),
    sizeBytes: bytes.length,
    ...(certificate ? { certificate } : {}),
  };
}

/** The metadata of an Auth URL: host and port, from which Selvage derives its destination. */
export function factsOfAuthUrl(authUrl: string): SecretFacts {
  const authHost = hostPortOf(authUrl);
  return authHost ? { authHost } : {};
}

function certificateOf(bytes: Uint8Array): SecretFacts["certificate"] {
  try {
    const { subject, issuer, validTo } = new X509Certificate(bytes);
    return { subject: oneLine(subject), issuer: oneLine(issuer), expiresAt: new Date(validTo).toISOString() };
  } catch {
    // Most files are not certificates; node:crypto then throws.
    return undefined;
  }
}

function oneLine(name: string): string {
  return name.replaceAll("\n", ", ").slice(0, 300);
}
