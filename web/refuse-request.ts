import type { IncomingMessage } from "node:http";
import { isFromOwnPage, isOwnUrl } from "@/lib/next/own-origin";
import { managementRoot } from "@/web/management-api/schema";

export type Refusal = { status: number; message: string; allow?: string; retryAfterSeconds?: number };
type RequestHead = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders">;
type Address = { hosts: ReadonlySet<string>; publicUrl: string; isDev: boolean };

/** The next-auth paths and methods that our pages and OpenID providers use. */
const authPaths: ReadonlyMap<string, readonly string[]> = new Map([
  ["csrf", ["GET"]],
  ["providers", ["GET"]],
  ["session", ["GET"]],
  ["error", ["GET"]],
  ["signin", ["GET"]],
  ["signin/oidc", ["GET", "POST"]],
  ["signout", ["GET", "POST"]],
  ["callback/oidc", ["GET"]],
  ["callback/password", ["POST"]],
]);
const readMethods: readonly string[] = ["GET", "HEAD"];
const apiMethods: readonly string[] = [...readMethods, "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Returns why web refuses a request, from its headers alone. Web passes any other request to Next or the
 * management API.
 */
export function refuse(request: RequestHead, address: Address): Refusal | undefined {
  const { url = "", headers, rawHeaders } = request;
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length > 1) return { status: 400, message: "Send one Host header." };
  if (!address.hosts.has(headers.host?.toLowerCase() ?? ""))
    return {
      status: 421,
      message: "This server does not answer for this host name. Open Selvage at its own address.",
    };
  const path = pathOf(url);
  if (path === undefined) return { status: 400, message: "The request path is malformed." };
  return refuseMethod(request, path, address.isDev) ?? refuseOrigin(request, path, address);
}

/**
 * Paths that Next would normalise differently: with "..", "\\" or "#". An attacker could use them to bypass
 * these rules. Browsers resolve them before sending.
 */
const isAmbiguous = /[\\#]|\/(\.|%2e){1,2}(\/|$)/i;

/**
 * The path of a request; undefined for an absolute URL, "*", a path that begins like another host, and
 * invalid encoding.
 */
function pathOf(target: string): string | undefined {
  const [path = ""] = target.split("?");
  if (!/^\/(?!\/)/.test(path) || isAmbiguous.test(path)) return undefined;
  try {
    decodeURIComponent(path);
    return path;
  } catch {
    return undefined;
  }
}

/** True for a server action call: the only POST that pages accept. */
export function isServerAction({ method, headers }: RequestHead): boolean {
  return method === "POST" && headers["next-action"] !== undefined;
}

export function isBelow(root: string, url = ""): boolean {
  return url === root || (url.startsWith(root) && /^[/?]/.test(url.slice(root.length)));
}

function refuseMethod(request: RequestHead, path: string, isDev: boolean): Refusal | undefined {
  const allowed = methodsOf(request, path, isDev);
  if (!allowed) return { status: 404, message: "Path not found." };
  if (allowed.includes(request.method ?? "")) return undefined;
  return { status: 405, message: "This path does not accept this method.", allow: allowed.join(", ") };
}

function methodsOf(request: RequestHead, path: string, isDev: boolean): readonly string[] | undefined {
  if (isBelow(managementRoot, path)) return apiMethods;
  if (isBelow("/api/auth", path)) return authPaths.get(path.slice("/api/auth/".length));
  if (isBelow("/api", path)) return [...readMethods, "POST"];
  // Of Next's own paths, browsers need only built files. Development also needs others.
  if (isDev && path.startsWith("/__next")) return apiMethods;
  if (isBelow("/_next", path))
    return isDev ? apiMethods : path.startsWith("/_next/static/") ? readMethods : undefined;
  return isServerAction(request) ? [...readMethods, "POST"] : readMethods;
}

function refuseOrigin(request: RequestHead, path: string, { publicUrl }: Address): Refusal | undefined {
  const { method = "", url = "", headers } = request;
  // The management API reads its token from a header, which a cross-site request cannot set (CSRF).
  if (isBelow(managementRoot, path)) return undefined;
  const site = headers["sec-fetch-site"]?.toString();
  const isForeign = isServerAction(request)
    ? !isFromOwnPage({ origin: headers.origin, site }, publicUrl)
    : !readMethods.includes(method) && site !== undefined && site !== "same-origin";
  if (isForeign) return { status: 403, message: "This request did not come from Selvage's own pages." };
  const query = isBelow("/api/auth", path) ? new URLSearchParams(url.slice(path.length)) : undefined;
  if (query?.getAll("callbackUrl").some((to) => !isOwnUrl(to, publicUrl)))
    return { status: 400, message: "callbackUrl is not a path of this server." };
  return undefined;
}

/**
 * Removes next-auth's return-address cookie when it points to another site. Otherwise next-auth would answer
 * every request with an error.
 */
export function ownCookies(header: string, publicUrl: string): string {
  return header
    .split(/; */)
    .filter((pair) => {
      const cookie = /^(?:__Host-)?next-auth\.callback-url=(.*)$/.exec(pair)?.[1];
      return cookie === undefined || isOwnUrl(decoded(cookie), publicUrl);
    })
    .join("; ");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
