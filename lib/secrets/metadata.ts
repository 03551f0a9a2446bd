import "server-only";
import { X509Certificate } from "node:crypto";
import { hostPortOf } from "@/lib/egress/host";
import type { SecretMetadata } from "@/lib/secrets/schema";

/** The metadata of a file: name, size and, for a PEM or DER certificate, subject, issuer and expiry. */
export function metadataOfFile(bytes: Uint8Array, fileName: string | undefined): SecretMetadata {
  const certificate = certificateOf(bytes);
  return {
    ...(fileName ? { fileName } : {}),
    sizeBytes: bytes.length,
    ...(certificate ? { certificate } : {}),
  };
}

/** The metadata of an Auth URL: host and port, from which Selvage derives its destination. */
export function metadataOfAuthUrl(authUrl: string): SecretMetadata {
  const authHost = hostPortOf(authUrl);
  return authHost ? { authHost } : {};
}

function certificateOf(bytes: Uint8Array): SecretMetadata["certificate"] {
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
