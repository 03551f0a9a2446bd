import { sendToAutomate } from "@/lib/automate/client";
import { checkInput } from "@/lib/connections/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { problem, route } from "@/lib/server/route";

/** Checks a connection, saved or not: automate's lines pass through as they come, and hanging up cancels. */
export const POST = route({
  permission: "connection:check",
  run: async (scope, request) => {
    const parsed = checkInput.safeParse(await request.json().catch(() => undefined));
    if (!parsed.success) return problem(400, "The check is malformed.");
    const { kind, name, properties, isConfirmed } = parsed.data;
    const connector = findConnector(kind);
    if (!connector) return problem(400, "There is no such kind of connection.");
    const validated = validate(connector, properties);
    if (!validated.ok) return Response.json({ fieldErrors: validated.fieldErrors }, { status: 422 });
    const body = { kind, connectionName: name, properties: validated.value, isConfirmed };
    const answer = await sendToAutomate(scope, "connection:check", body, request.signal).catch(
      () => undefined,
    );
    if (!answer?.ok || !answer.body) return ndjson(`${JSON.stringify(unavailable)}\n`);
    return ndjson(answer.body);
  },
});

const unavailable: CheckResult = {
  type: "result",
  ok: false,
  code: "automate_unavailable",
  step: "name",
  ms: 0,
};

function ndjson(body: BodyInit): Response {
  // Proxies in front must not hold the steps back.
  return new Response(body, {
    headers: { "content-type": "application/x-ndjson", "x-accel-buffering": "no" },
  });
}
