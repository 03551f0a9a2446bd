// This protects nothing: who may see what is decided where a page, action or route asks for its scope. Here are headers only.
import { type NextRequest, NextResponse } from "next/server";
import { webEnv } from "@/lib/env";
import { securityHeaders } from "@/lib/server/security-headers";

const isDev = process.env.NODE_ENV === "development";

/** Gives each answer its security headers, and each page the nonce that its scripts need. */
export function proxy(request: NextRequest): NextResponse {
  const isHttps = webEnv().PUBLIC_URL.startsWith("https:");
  const nonce = Buffer.from(crypto.randomUUID()).toString("base64");
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDev ? " 'unsafe-eval'" : ""}`,
    isDev ? "style-src-elem 'self' 'unsafe-inline'" : `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'", // Base UI positions what it renders on the server
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    ...(isHttps ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  headers.set("x-path", request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  for (const [name, value] of Object.entries(securityHeaders(isHttps))) response.headers.set(name, value);
  return response;
}
