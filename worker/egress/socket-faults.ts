import type { CheckCode } from "@/lib/connectors/check-protocol";
import { errorProperty } from "@/worker/check";

const networkCodes: Record<string, CheckCode> = {
  ECONNREFUSED: "connection_refused",
  ECONNRESET: "connection_closed",
  EPIPE: "connection_closed",
  ECONNABORTED: "connection_closed",
  ETIMEDOUT: "timed_out",
  ENETUNREACH: "unreachable",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  EINVAL: "unreachable",
};

const tlsCodes: Record<string, CheckCode> = {
  CERT_HAS_EXPIRED: "tls_expired",
  CERT_NOT_YET_VALID: "tls_not_yet_valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls_wrong_name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls_untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "tls_untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls_untrusted",
  CERT_SIGNATURE_FAILURE: "tls_untrusted",
  CERT_UNTRUSTED: "tls_untrusted",
  CERT_REJECTED: "tls_untrusted",
  CERT_REVOKED: "tls_untrusted",
  INVALID_CA: "tls_untrusted",
  INVALID_PURPOSE: "tls_untrusted",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "tls_too_old",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "tls_too_old",
  ERR_SSL_WRONG_SSL_VERSION: "tls_too_old",
  ERR_SSL_DH_KEY_TOO_SMALL: "tls_too_old",
  ERR_SSL_EE_KEY_TOO_SMALL: "tls_too_old",
  ERR_SSL_CA_MD_TOO_WEAK: "tls_too_old",
  ERR_SSL_WRONG_VERSION_NUMBER: "tls_not_offered",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "tls_not_offered",
  ERR_SSL_HTTP_REQUEST: "tls_not_offered",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "client_certificate_required",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "client_certificate_required",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "client_certificate_required",
};

const nameCodes: Record<string, CheckCode> = {
  ENOTFOUND: "name_not_found",
  ENODATA: "name_not_found",
  EAI_NONAME: "name_not_found",
  EAI_AGAIN: "name_unavailable",
};

/** Maps a failed name lookup to a check code. */
export function nameFault(error: unknown): CheckCode {
  return nameCodes[errorProperty(error, "code")] ?? "name_unavailable";
}

/** Maps a socket error to a check code. Of several failed attempts, the most specific one counts. */
export function networkFault(error: unknown): CheckCode | null {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(networkFault);
    return codes.includes("connection_refused") ? "connection_refused" : (codes[0] ?? null);
  }
  return networkCodes[errorProperty(error, "code")] ?? null;
}

/** Maps an error of a TLS handshake to a check code. An unknown error is still a TLS failure. */
export function tlsFault(error: unknown): CheckCode {
  return tlsCodes[opensslCode(error)] ?? networkFault(error) ?? "tls_failed";
}

/** Maps an error of a whole connection attempt, whose step is unknown, to a check code. */
export function connectFault(error: unknown): CheckCode {
  const code = opensslCode(error);
  const isTls = /^ERR_(SSL|TLS)_/.test(code);
  return nameCodes[code] ?? tlsCodes[code] ?? networkFault(error) ?? (isTls ? "tls_failed" : "unreachable");
}

/**
 * Returns OpenSSL's reason. If the client had begun to write, the error has a system code and the reason is
 * in its text.
 */
function opensslCode(error: unknown): string {
  const code = errorProperty(error, "code");
  if (code !== "EPROTO") return code;
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(errorProperty(error, "message"))?.[1] ?? "";
  return `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`;
}

/** A server reports a missing client certificate only after the handshake, on the open connection. */
export function isCertificateDemand(error: unknown): boolean {
  return tlsCodes[errorProperty(error, "code")] === "client_certificate_required";
}
