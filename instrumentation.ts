import type { Instrumentation } from "next";

/** Runs once, before the first request: web serves only with a whole environment and its own database role. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { bootWeb } = await import("@/lib/next/boot");
  await bootWeb();
}

/** Logs the error that a page, route or action threw, as one line. */
export const onRequestError: Instrumentation.onRequestError = async (
  error,
  { method },
  { routePath, routeType },
) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { logFailure } = await import("@/lib/log");
  logFailure("request", error, { method, route: routePath, type: routeType, status: 500 });
};
