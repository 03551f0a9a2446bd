import { startCheck } from "@/lib/connections/check";
import { checkInput } from "@/lib/connections/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { problem, route } from "@/lib/next/route";

/**
 * Checks a connection, saved or not. Streams automate's lines as they arrive. Disconnecting cancels the
 * check.
 */
export const POST = route({
  permission: "connection:check",
  run: async (scope, request) => {
    const parsed = checkInput.safeParse(await request.json().catch(() => undefined));
    if (!parsed.success) return problem(400, "The body is not a valid check.");
    const check = await startCheck(scope, parsed.data, request.signal);
    if (check.ok) return ndjson(check.value);
    if (check.code === "unknown_kind") return problem(400, "Unknown kind of connection.");
    return Response.json({ fieldErrors: check.fieldErrors }, { status: 422 });
  },
});

function ndjson(events: ReadableStream<Uint8Array> | CheckResult): Response {
  const body = events instanceof ReadableStream ? events : `${JSON.stringify(events)}\n`;
  // Tells reverse proxies not to buffer the steps.
  return new Response(body, {
    headers: { "content-type": "application/x-ndjson", "x-accel-buffering": "no" },
  });
}
