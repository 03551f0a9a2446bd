import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createReadiness, type Unready } from "@/lib/health/readiness";
import { log } from "@/lib/log";
import { securityHeaders } from "@/lib/next/security-headers";
import { type Hindrance, watchOutages } from "@/lib/outages";
import { wantsPage } from "@/web/bare-page";
import { outagePage, retrySeconds, titleOf } from "@/web/outage-page";

type Phase = "starting" | "serving" | "leaving" | "closed";

/**
 * Web's health endpoints, and its answers while it cannot serve. They run before Next, which needs the
 * database for most requests.
 */
export type WebHealth = {
  /** Answers a health request and returns true; returns false for any other request. */
  answer(req: IncomingMessage, res: ServerResponse): boolean;
  /** Refuses the request and returns true when this copy of web cannot serve it. */
  refuse(req: IncomingMessage, res: ServerResponse, isApi: boolean): Promise<boolean>;
  /**
   * Runs the request's handler. If the handler fails because the database became unavailable or too many lists are
   * in progress, the answer says so.
   */
  watch<T>(req: IncomingMessage, res: ServerResponse, work: () => T): T;
  serve(): void;
  /** Makes `/readyz` fail, then resolves once the load balancer has had time to notice. */
  leave(delayMs: number): Promise<void>;
};

export function createWebHealth(isHttps: boolean): WebHealth {
  let phase: Phase = "starting";
  const readiness = createReadiness("web", (sentence) => log("error", sentence));
  const headers = securityHeaders(isHttps);

  async function unreadyReason(): Promise<Unready | "starting" | "stopping"> {
    if (phase === "starting") return "starting";
    return phase === "serving" ? await readiness() : "stopping";
  }

  async function answerReady(res: ServerResponse): Promise<void> {
    const unready = await unreadyReason();
    send(res, unready === null ? 200 : 503, { status: unready ?? "ready" });
  }

  function send(res: ServerResponse, status: number, body: object): void {
    const retry = status === 503 ? { "retry-after": String(retrySeconds) } : {};
    res.writeHead(status, {
      ...headers,
      ...retry,
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    res.end(JSON.stringify(body));
  }

  function outageAnswer(reason: Parameters<typeof outagePage>[0]) {
    const { html, policy } = outagePage(reason);
    const head = {
      ...headers,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
      "retry-after": String(retrySeconds),
    };
    return { html, head };
  }

  /**
   * Answers with the outage page and 503 when a page request met an outage or too many lists. Next would answer 500,
   * as for a bug.
   */
  function reportOutage(req: IncomingMessage, res: ServerResponse, met: () => Hindrance | null): void {
    const writeHead = res.writeHead.bind(res) as (status: number, ...more: unknown[]) => ServerResponse;
    const write = res.write.bind(res) as (...args: unknown[]) => boolean;
    const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
    let page: string | undefined;
    Reflect.set(res, "writeHead", (status: number, ...more: unknown[]) => {
      const reason = status === 500 ? met() : null;
      if (reason === null) return writeHead(status, ...more);
      if (!wantsPage(req)) {
        res.setHeader("retry-after", String(retrySeconds));
        return writeHead(503, ...more.filter((part) => typeof part !== "string"));
      }
      const { html, head } = outageAnswer(reason);
      page = html;
      for (const name of ["content-length", "content-encoding", "etag"]) res.removeHeader(name);
      return writeHead(503, head);
    });
    Reflect.set(res, "write", (...args: unknown[]) => (page === undefined ? write(...args) : true));
    Reflect.set(res, "end", (...args: unknown[]) => {
      // Runs before Node.js derives Content-Length from the replaced body.
      if (!res.headersSent && res.statusCode === 500) res.writeHead(500);
      return page === undefined ? end(...args) : end(page);
    });
  }

  return {
    answer(req, res) {
      const path = pathOf(req);
      if (path !== "/healthz" && path !== "/readyz") return false;
      if (path === "/healthz") send(res, 200, { status: "ok" });
      else void answerReady(res);
      return true;
    },
    async refuse(req, res, isApi) {
      // Clients must not reuse open connections to a copy that is stopping.
      if (phase === "leaving" || phase === "closed") res.setHeader("connection", "close");
      if (phase === "starting" || phase === "closed")
        return sendOutage(phase === "starting" ? "starting" : "stopping");
      // The management API reports its own failures in its own envelope.
      if (isApi || !needsDatabase(req)) return false;
      const unready = await readiness();
      if (unready !== null && unready !== "database_slow") return sendOutage(unready);
      return false;

      function sendOutage(reason: Parameters<typeof outagePage>[0]): true {
        if (isApi || !wantsPage(req)) {
          const message = `${titleOf(reason)}. Nothing was changed: try again.`;
          send(res, 503, isApi ? { success: false, message } : { message });
          return true;
        }
        const { html, head } = outageAnswer(reason);
        res.writeHead(503, head);
        res.end(req.method === "HEAD" ? undefined : html);
        return true;
      }
    },
    watch(req, res, work) {
      if (!needsDatabase(req)) return work();
      const outages = watchOutages();
      reportOutage(req, res, outages.met);
      return outages.run(work);
    },
    serve() {
      phase = "serving";
    },
    async leave(delayMs) {
      phase = "leaving";
      await sleep(delayMs);
      phase = "closed";
    },
  };
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?")[0] ?? "";
}

/**
 * True for pages and their data. Built files need no database, and server actions report their own outcome.
 */
function needsDatabase(req: IncomingMessage): boolean {
  if (req.method !== "GET" && req.method !== "HEAD") return false;
  return !/^\/(_next\/static\/|api\/auth\/|favicon\.svg$)/.test(pathOf(req));
}
