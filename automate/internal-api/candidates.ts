import { PassThrough } from "node:stream";
import type { FastifyInstance } from "fastify";
import { allowForCandidate, askForCandidate } from "@/automate/candidates/allow-destinations";
import { checkConnections } from "@/automate/candidates/check-connections";
import { discardCandidate } from "@/automate/candidates/close-candidates";
import { findOpenCandidate } from "@/automate/candidates/open-candidate";
import { promoteCandidate } from "@/automate/candidates/promote";
import { undoReplacement } from "@/automate/candidates/undo";
import type { PreparedRuns } from "@/automate/checks/run";
import { handle } from "@/automate/internal-api/verify-request";
import { findSecretById } from "@/automate/secrets/current-secret";
import type { ConnectionCheckEvent } from "@/lib/candidates/schema";
import { NotFound } from "@/lib/result";

/** Checks, promotes and discards candidates, and brings back the former value of a secret. */
export function candidateRoutes(app: FastifyInstance, { runPrepared }: { runPrepared: PreparedRuns }): void {
  handle(app, "candidate:check", async ({ scope, body, request, reply }) => {
    const { secretId, candidate: number, connectionIds } = body;
    const candidate = number === null ? null : await findOpenCandidate(scope, secretId, number);
    if (number !== null && !candidate) throw new NotFound("New value not found, or not open any more.");
    if (!candidate && !(await findSecretById(scope, secretId))) throw new NotFound("Secret not found.");
    const lines = new PassThrough();
    const cancel = new AbortController();
    reply.raw.once("close", () => cancel.abort());
    const report = (event: ConnectionCheckEvent) => {
      if (!lines.writableEnded) lines.write(`${JSON.stringify(event)}\n`);
    };
    checkConnections(scope, { secretId, candidate }, connectionIds, {
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

  handle(app, "secret:undo", async ({ scope, body }) => undoReplacement(scope, body));
}
