import "server-only";
import { X509Certificate } from "node:crypto";
import { hostPortOf } from "@/lib/egress/host";
import { maxTextBytes } from "@/lib/secrets/kinds/define";
import { expiryOfText, type ValueExpiry } from "@/lib/secrets/kinds/expiry-of-text";
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

/**
 * The earliest date that one of the fields carries: of a certificate, a token, a signature or a key file. Only the date
 * becomes public.
 */
export function expiryOfFields(
  fields: Readonly<Record<string, string | Uint8Array | null | undefined>>,
): SecretMetadata["expiry"] {
  const found = Object.entries(fields).flatMap(([field, value]) => {
    const expiry = value ? expiryOfValue(value) : undefined;
    return expiry ? [{ ...expiry, field }] : [];
  });
  return found.sort((one, other) => one.at.localeCompare(other.at))[0];
}

function expiryOfValue(value: string | Uint8Array): ValueExpiry | undefined {
  const isCertificate = typeof value !== "string" || value.includes("-----BEGIN CERTIFICATE-----");
  const certificate = isCertificate ? certificateOf(value) : undefined;
  if (certificate) return { at: certificate.expiresAt, source: "certificate" };
  if (typeof value === "string") return expiryOfText(value);
  return value.length > maxTextBytes ? undefined : expiryOfText(new TextDecoder().decode(value));
}

function certificateOf(bytes: string | Uint8Array): SecretMetadata["certificate"] {
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
