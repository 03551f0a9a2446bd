import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { isOutage } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { type Busy, busyRetrySeconds, isBusy } from "@/lib/limits/busy";
import { currentActor } from "@/lib/next/actor";
import { isFromOwnPage } from "@/lib/next/own-origin";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";

type Context = { params: Promise<{ fabricId: string } & Record<string, string>> };

/**
 * A route handler for the app's own pages, which send the session cookie: the picker, search, the check.
 * To prevent CSRF, all methods but GET require JSON and web's own origin. Responses are never cached.
 */
export function route<P extends Permission>(definition: {
  permission: P;
  run: (scope: Scope<NoInfer<P>>, request: Request, params: Record<string, string>) => Promise<Response>;
}) {
  return async (request: Request, { params }: Context): Promise<Response> => {
    if (request.method !== "GET" && !isOwnJson(request))
      return problem(403, "This request did not come from Selvage's own pages.");
    try {
      const actor = await currentActor();
      if (!actor) return problem(401, "Sign in again.");
      const { fabricId, ...otherParams } = await params;
      const response = await definition.run(
        await authorize(actor, fabricId, definition.permission),
        request,
        otherParams,
      );
      response.headers.set("cache-control", "no-store");
      return response;
    } catch (error) {
      if (error instanceof NotFound) return problem(404, "Not found.");
      if (error instanceof Forbidden) return problem(403, "An Admin of the team can do this.");
      if (error instanceof NotFresh) return problem(403, "Confirm who you are first.");
      if (isBusy(error)) return busy(error);
      if (isOutage(error)) return databaseUnavailable();
      throw error;
    }
  };
}

function busy({ isOwn, message }: Busy): Response {
  const headers = { "cache-control": "no-store", "retry-after": String(busyRetrySeconds) };
  return Response.json({ message }, { status: isOwn ? 429 : 503, headers });
}

function databaseUnavailable(): Response {
  const message = "The database is not available. Nothing was changed: try again.";
  const headers = { "cache-control": "no-store", "retry-after": "2" };
  return Response.json({ code: "database_unavailable", message }, { status: 503, headers });
}

/** The error body of these routes. */
export function problem(status: number, message: string): Response {
  return Response.json({ message }, { status, headers: { "cache-control": "no-store" } });
}

function isOwnJson({ headers }: Request): boolean {
  const isJson = headers.get("content-type")?.split(";")[0]?.trim() === "application/json";
  const from = { origin: headers.get("origin"), site: headers.get("sec-fetch-site") };
  return isJson && isFromOwnPage(from, webEnv().PUBLIC_URL);
}
