import "server-only";
import { randomUUID } from "node:crypto";
import { securityHeaders } from "@/lib/next/security-headers";

/**
 * A page's headers, with a content security policy and its script nonce. Next reads the nonce from the
 * request.
 */
export function pageHeaders(url: string, { isHttps, isDev }: { isHttps: boolean; isDev: boolean }) {
  const nonce = Buffer.from(randomUUID()).toString("base64");
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDev ? " 'unsafe-eval'" : ""}`,
    isDev ? "style-src-elem 'self' 'unsafe-inline'" : `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'", // Base UI positions elements that it renders on the server
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    ...(isHttps ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
  return {
    request: { "content-security-policy": policy, "x-nonce": nonce, "x-path": url },
    response: { "content-security-policy": policy, ...securityHeaders(isHttps) },
  };
}
