import { PassThrough } from "node:stream";
import type { FastifyInstance } from "fastify";
import { allowForCandidate, askForCandidate } from "@/automate/candidates/allow-destinations";
import { checkConnections } from "@/automate/candidates/check-connections";
import { discardCandidate } from "@/automate/candidates/close-candidates";
import { findOpenCandidate } from "@/automate/candidates/open-candidate";
import { promoteCandidate } from "@/automate/candidates/promote";
import { findFormerSecret, undoReplacement } from "@/automate/candidates/undo";
import type { PreparedRuns } from "@/automate/checks/run";
import { handle } from "@/automate/internal-api/verify-request";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import type { ConnectionCheckEvent } from "@/lib/candidates/schema";
import type { AutomateBody } from "@/lib/internal-api/contract";
import { NotFound } from "@/lib/result";

/**
 * Checks, promotes and discards candidates, and brings back the former value of a secret. `checkSoon` lets the
 * background check what an undo changed. The page that promotes a value checks the connections itself.
 */
export function candidateRoutes(
  app: FastifyInstance,
  { runPrepared, checkSoon = () => {} }: { runPrepared: PreparedRuns; checkSoon?: (() => void) | undefined },
): void {
  handle(app, "candidate:check", async ({ scope, body, request, reply }) => {
    const { secretId, candidate, connectionIds } = body;
    const tried = await findTried(scope, secretId, candidate);
    const lines = new PassThrough();
    const cancel = new AbortController();
    reply.raw.once("close", () => cancel.abort());
    const report = (event: ConnectionCheckEvent) => {
      if (!lines.writableEnded) lines.write(`${JSON.stringify(event)}\n`);
    };
    checkConnections(scope, { secretId, tried }, connectionIds, {
      runPrepared,
      report,
      signal: cancel.signal,
    })
      // The stream ends early. Connections without a result stay unchecked.
      .catch((error: Error) => request.log.error({ error: error.name }, "checks of connections failed"))
      .finally(() => lines.end());
    return reply
      .header("content-type", "application/x-ndjson")
      .header("cache-control", "no-store")
      .send(lines);
  });

  handle(app, "candidate:allow", async ({ scope, body }) => ({
    isAllowed: await allowForCandidate(scope, body),
  }));

  handle(app, "candidate:ask", async ({ scope, body }) => ({
    waiting: await askForCandidate(scope, body),
  }));

  handle(app, "candidate:promote", async ({ scope, body }) => {
    const { secretId, candidate: number, accepted } = body;
    return promoteCandidate(scope, { secretId, number, accepted });
  });

  handle(app, "candidate:discard", async ({ scope, body }) => {
    const { secretId, candidate: number } = body;
    const discarded = await discardCandidate(scope, { secretId, number });
    return { isDiscarded: discarded === "discarded", isRotating: discarded === "rotating" };
  });

  handle(app, "secret:undo", async ({ scope, body }) => {
    const answer = await undoReplacement(scope, body);
    if (!("problem" in answer)) checkSoon();
    return answer;
  });
}

/** The value to try: a candidate, the former one, or, for null, the current one. */
async function findTried(
  scope: Scope<"connection:check">,
  secretId: string,
  candidate: AutomateBody<"candidate:check">["candidate"],
): Promise<SecretWithAuthors | null> {
  if (candidate === null) {
    if (!(await findSecretById(scope, secretId))) throw new NotFound("Secret not found.");
    return null;
  }
  const tried =
    candidate === "former"
      ? await findFormerSecret(scope, secretId)
      : await findOpenCandidate(scope, secretId, candidate);
  if (!tried) throw new NotFound("Value not found, or not open or not kept any more.");
  return tried;
}
