import "@/lib/protect-process";
import { createServer, type IncomingMessage, Server, type ServerResponse } from "node:http";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { flushRefusals } from "@/lib/audit/refusals";
import { WrongDatabaseRole } from "@/lib/db/role";
import { BadEnvironment, type WebEnv, webEnv } from "@/lib/env";
import { waitForDatabase } from "@/lib/health/wait-for-database";
import { flushLog, log, logFailure, redirectConsole } from "@/lib/log";
import { createBodyBudget } from "@/lib/next/body-budget";
import type { Booting } from "@/lib/next/boot";
import { pageHeaders } from "@/lib/next/page-headers";
import { securityHeaders } from "@/lib/next/security-headers";
import { cutUnreadBodies } from "@/lib/unread-body";
import { wantsPage } from "@/web/bare-page";
import { createWebHealth } from "@/web/health";
import { createManagementApi } from "@/web/management-api/app";
import { managementRoot } from "@/web/management-api/schema";
import { receiveAction } from "@/web/receive-action";
import { refusalPage } from "@/web/refusal-page";
import { isBelow, isServerAction, ownCookies, type Refusal, refuse } from "@/web/refuse-request";
import { allowedHosts, boundBody, clientAddress, internalHeaders, maxBodyBytes } from "@/web/request-limits";

/** Loading the pages takes a second or two. */
const bootTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
/**
 * Enough for the largest secret over a slow network. Ends slowloris attacks, which hold connections open by
 * sending little.
 */
const requestTimeoutMs = 120_000;
/** Enough for names, passwords, and OpenID providers' responses. */
const maxSignInBytes = 65_536;

try {
  await serve(webEnv());
} catch (error) {
  const isSentence = error instanceof BadEnvironment || error instanceof WrongDatabaseRole;
  process.stderr.write(`${isSentence ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}

function refuseToServe(): never {
  throw new BadEnvironment(
    "Web cannot load its pages. Copy the whole folder .next of the build, with its node_modules, and run npm install --omit=dev.",
  );
}

async function serve(env: WebEnv) {
  const isDev = process.env.NODE_ENV === "development";
  // Next selects its React build by NODE_ENV when it loads, so set it first.
  if (!isDev) {
    Object.assign(process.env, { NODE_ENV: "production" });
    redirectConsole();
  }
  const { default: next } = await import("next");
  const server = createServer({ requestTimeout: requestTimeoutMs });
  const dir = resolve(import.meta.dirname, "..");
  // Next attaches upgrade handlers to the server in `httpServer`. Only development needs them.
  const httpServer = isDev ? server : new Server();
  const app = next({ dev: isDev, dir, hostname: env.HOST, port: env.PORT, httpServer, quiet: false });
  const handle = app.getRequestHandler();
  const api = createManagementApi();
  const address = { hosts: allowedHosts(env.PUBLIC_URL), publicUrl: env.PUBLIC_URL, isDev };
  const isHttps = env.PUBLIC_URL.startsWith("https:");
  const health = createWebHealth(isHttps);
  const maxBytes = maxBodyBytes(env.MAX_SECRET_BYTES);
  const budget = createBodyBudget(maxBytes);

  cutUnreadBodies(server);
  server.on("request", (req: IncomingMessage, res: ServerResponse) => {
    serveRequest(req, res).catch((error: unknown) => {
      logFailure("request", error, { status: 500 });
      if (res.headersSent) res.destroy();
      else answerRefused(req, res, { status: 500, message: "Something went wrong." });
    });
  });

  async function serveRequest(req: IncomingMessage, res: ServerResponse): Promise<void> {
    // Load balancers send the address as Host, so health comes before the Host check.
    if (health.answer(req, res)) return;
    const refusal = refuse(req, address);
    if (refusal) return answerRefused(req, res, refusal);
    // Next and the sign-in delays trust these headers, so web sets them itself: a client could forge them.
    for (const name of internalHeaders) delete req.headers[name];
    // No page requests ranges, and Next answers a malformed range with 500.
    delete req.headers.range;
    if (req.headers.cookie) req.headers.cookie = ownCookies(req.headers.cookie, env.PUBLIC_URL);
    req.headers["x-forwarded-for"] = clientAddress(req, env.TRUST_PROXY_HOPS);
    req.headers["x-forwarded-host"] = req.headers.host?.toLowerCase();
    req.headers["x-forwarded-proto"] = isHttps ? "https" : "http";
    // The API enforces its own body limit, and reports it in its own envelope.
    const isApi = isBelow(managementRoot, req.url);
    if (await health.refuse(req, res, isApi)) return;
    if (isApi) return api.routing(req, res);
    const limit = isBelow("/api/auth", req.url) ? maxSignInBytes : maxBytes;
    if (!boundBody(req, limit))
      return answerRefused(req, res, { status: 413, message: "Request body too large." });
    const headers = pageHeaders(req.url ?? "/", { isHttps, isDev });
    Object.assign(req.headers, headers.request);
    for (const [name, value] of Object.entries(headers.response)) res.setHeader(name, value);
    if (!isServerAction(req)) return health.watch(req, res, () => handle(req, res));
    const received = await receiveAction(req, res, maxBytes, budget);
    if (!received) return;
    if ("refusal" in received) return answerRefused(req, res, received.refusal);
    await handle(received.request, res);
  }

  /**
   * Sends a refusal as the management API's envelope, as JSON for other `/api` routes, as a page for a browser's
   * navigation, or as text.
   */
  function answerRefused(
    req: IncomingMessage,
    res: ServerResponse,
    { status, message, allow }: Refusal,
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
    });
    res.end(body);
  }

  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE")
      process.stderr.write(`Port ${env.PORT} on ${env.HOST} is already in use: set PORT to another port.\n`);
    else logFailure("server", error);
    void flushLog().finally(() => process.exit(1));
  });
  server.listen(env.PORT, env.HOST);
  await waitForDatabase((sentence) => log("error", sentence));
  const booted = new Promise<void>((done) => Object.assign(globalThis as Booting, { selvageBooted: done }));
  await Promise.all([app.prepare(), api.ready()]);
  await Promise.race([booted, sleep(bootTimeoutMs, undefined, { ref: false }).then(refuseToServe)]);
  health.serve();
  log("info", `web is ready on ${env.HOST}:${env.PORT}`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await health.leave(env.STOP_DELAY_SECONDS * 1000);
    setTimeout(() => process.exit(0), stopTimeoutMs).unref();
    server.close(async () => {
      await flushRefusals();
      await flushLog();
      process.exit(0);
    });
    server.closeIdleConnections();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
