import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebEnv } from "@/lib/env";
import { createBodyMemory } from "@/lib/limits/body-memory";
import { delayRefusal } from "@/lib/limits/delayed-refusal";
import { log, logFailure } from "@/lib/log";
import { notAdmittedHeader } from "@/lib/next/not-admitted-header";
import { pageHeaders } from "@/lib/next/page-headers";
import { securityHeaders } from "@/lib/next/security-headers";
import type { Admission, NotAdmitted } from "@/web/admission";
import { wantsPage } from "@/web/bare-page";
import type { WebHealth } from "@/web/health";
import type { createManagementApi } from "@/web/management-api/app";
import { managementRoot } from "@/web/management-api/schema";
import { type Received, receiveAction, receiveForm, withoutArguments } from "@/web/receive-action";
import { refusalPage } from "@/web/refusal-page";
import { isBelow, isServerAction, ownCookies, type Refusal, refuse } from "@/web/refuse-request";
import { allowedHosts, boundBody, clientAddress, internalHeaders, maxBodyBytes } from "@/web/request-limits";

type Deps = {
  env: WebEnv;
  isDev: boolean;
  health: WebHealth;
  admission: Admission;
  /** `listBuiltFiles`; in development, none. */
  builtFiles: ReadonlySet<string>;
  api: ReturnType<typeof createManagementApi>;
  /** Next's handler of pages, server actions and `app/api`. */
  pages: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
};

/** Enough for names, passwords, and OpenID providers' responses. */
const maxSignInBytes = 65_536;

/**
 * Returns the listener for all requests to web. In this order:
 *
 * 1. `/healthz` and `/readyz`: `web/health.ts`.
 * 2. A wrong host, path, method or origin: refused by `web/refuse-request.ts`.
 * 3. Any request while web starts or stops, and pages while the database is unavailable: 503.
 * 4. `/api/orchestration`: the management API, with limits of its own.
 * 5. A body that says it is too large: 413.
 * 6. A built file: Next.
 * 7. More requests than one person or address may send: refused by `web/admission.ts`.
 * 8. A server action: web reads its whole body, then Next runs it.
 * 9. Everything else: Next.
 */
export function createRequestListener({ env, isDev, health, admission, builtFiles, api, pages }: Deps) {
  const { PUBLIC_URL, TRUST_PROXY_HOPS } = env;
  const address = { hosts: allowedHosts(PUBLIC_URL), publicUrl: PUBLIC_URL, isDev };
  const isHttps = PUBLIC_URL.startsWith("https:");
  const maxBytes = maxBodyBytes(env.MAX_SECRET_BYTES);
  const bodyMemory = createBodyMemory(maxBytes);

  async function serveRequest(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // Load balancers send the address as Host, so health comes before the Host check.
    if (health.answer(req, res)) return;
    const refusal = refuse(req, address);
    if (refusal) return answerRefused(req, res, refusal, isHttps);
    // Next and the sign-in delays trust these headers, so web sets them itself: a client could forge them.
    for (const name of internalHeaders) delete req.headers[name];
    // No page requests ranges, and Next answers a malformed range with 500.
    delete req.headers.range;
    if (req.headers.cookie) req.headers.cookie = ownCookies(req.headers.cookie, PUBLIC_URL);
    const client = clientAddress(req, TRUST_PROXY_HOPS);
    req.headers["x-forwarded-for"] = client;
    req.headers["x-forwarded-host"] = req.headers.host?.toLowerCase();
    req.headers["x-forwarded-proto"] = isHttps ? "https" : "http";
    // The API enforces its own body limit, and reports it in its own envelope.
    const isApi = isBelow(managementRoot, req.url);
    if (await health.refuse(req, res, isApi)) return;
    if (isApi) return api.routing(req, res);
    const limit = isBelow("/api/auth", req.url) ? maxSignInBytes : maxBytes;
    if (!boundBody(req, limit)) return answerRefused(req, res, tooLarge, isHttps);
    const headers = pageHeaders(req.url ?? "/", { isHttps, isDev });
    Object.assign(req.headers, headers.request);
    for (const [name, value] of Object.entries(headers.response)) res.setHeader(name, value);
    if (isBuilt(req.url)) return pages(req, res);
    let received: Received = { request: req };
    const admitted = await admission.page(req, res, client, async () => {
      received = await receive(req, res);
    });
    if (!admitted.ok) return answerNotAdmitted(req, res, admitted.refused, client);
    await servePage(req, res, received).finally(() => admitted.slot.workEnded());
  }

  /** `refuse` has checked that the path can be decoded. */
  function isBuilt(url = ""): boolean {
    return builtFiles.has(decodeURIComponent(url.split("?")[0] ?? ""));
  }

  async function receive(req: IncomingMessage, res: ServerResponse): Promise<Received> {
    if (isServerAction(req)) {
      if (isForwarded(req)) return refuseForwarded(req);
      return receiveAction(req, res, maxBytes, bodyMemory);
    }
    const isForm = req.method === "POST" && isBelow("/api/auth", req.url);
    return isForm ? receiveForm(req, res, maxSignInBytes) : { request: req };
  }

  async function servePage(req: IncomingMessage, res: ServerResponse, received: Received): Promise<void> {
    if (!received) return;
    if ("refusal" in received) return answerRefused(req, res, received.refusal, isHttps);
    const { request } = received;
    if (isServerAction(req)) return pages(request, res);
    await health.watch(request, res, () => pages(request, res));
  }

  /** An action answers with its usual result, so that its form keeps the input: `lib/next/not-admitted.ts`. */
  async function answerNotAdmitted(
    req: IncomingMessage,
    res: ServerResponse,
    { message, seconds }: NotAdmitted,
    client: string,
  ) {
    // A client that disconnected takes no slot.
    if (res.destroyed) return;
    await delayRefusal();
    if (!isServerAction(req) || !admission.mayRefuseInForm(client))
      return answerRefused(req, res, { status: 429, message, retryAfterSeconds: seconds }, isHttps);
    req.headers[notAdmittedHeader] = String(seconds);
    await pages(withoutArguments(req), res);
  }

  return (req: IncomingMessage, res: ServerResponse): void => {
    serveRequest(req, res).catch((error: unknown) => {
      logFailure("request", error, { status: 500 });
      if (res.headersSent) res.destroy();
      else answerRefused(req, res, failed, isHttps);
    });
  };
}

/**
 * Next sends a server action that the open page does not contain to a page that does, at web's own address. That works
 * only where browsers use the same address. So web never accepts it, and tests see it wherever they run.
 */
function isForwarded({ headers }: IncomingMessage): boolean {
  return headers["x-action-forwarded"] !== undefined;
}

function refuseForwarded({ headers }: IncomingMessage): { refusal: Refusal } {
  const id = headers["next-action"]?.toString() ?? "";
  log("error", "a page called a server action that it does not contain", {
    ...(/^[0-9a-f]{1,64}$/.test(id) && { action: id }),
  });
  return { refusal: { status: 421, message: "The open page does not contain this server action." } };
}

const tooLarge: Refusal = { status: 413, message: "Request body too large." };
const failed: Refusal = { status: 500, message: "Something went wrong." };

/**
 * Sends a refusal as the management API's envelope, as JSON for other `/api` routes, as a page for a browser's
 * navigation, or as text.
 */
function answerRefused(
  req: IncomingMessage,
  res: ServerResponse,
  { status, message, allow, retryAfterSeconds }: Refusal,
  isHttps: boolean,
): void {
  const page = !isBelow(managementRoot, req.url) && wantsPage(req) && refusalPage(status, message);
  const payload = isBelow(managementRoot, req.url)
    ? { success: false, message: `Request failed due to : ${message}` }
    : isBelow("/api", req.url) && { message };
  const [type, body] = page
    ? ["text/html", page.html]
    : payload
      ? ["application/json", JSON.stringify(payload)]
      : ["text/plain", `${message}\n`];
  res.writeHead(status, {
    ...securityHeaders(isHttps),
    ...(page && { "content-security-policy": page.policy }),
    "content-length": Buffer.byteLength(body),
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-store",
    ...(allow !== undefined && { allow }),
    ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
  });
  res.end(body);
}
