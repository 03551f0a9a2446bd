import { startChecks } from "@/lib/candidates/checks";
import { checkConnectionsInput } from "@/lib/candidates/schema";
import { problem, route } from "@/lib/next/route";

/**
 * Checks the connections of a secret, with its candidate, its former or its current value. Streams automate's lines as
 * they arrive. Disconnecting ends the running checks.
 */
export const POST = route({
  permission: "connection:check",
  run: async (scope, request, { secretId = "" }) => {
    const parsed = checkConnectionsInput.safeParse(await request.json().catch(() => undefined));
    if (!parsed.success) return problem(400, "The body is not valid.");
    const started = await startChecks(scope, { secretId, ...parsed.data }, request.signal);
    if (!started.ok) return Response.json({ code: started.code }, { status: 503 });
    // Tells reverse proxies not to buffer the lines.
    const headers = { "content-type": "application/x-ndjson", "x-accel-buffering": "no" };
    return new Response(started.value, { headers });
  },
});
