import type { FastifyInstance } from "fastify";
import { handle } from "@/automate/internal-api/verify-request";
import { rotateNow } from "@/automate/password-rotations/rotate-now";
import type { RotationDeps } from "@/automate/password-rotations/set-outcome";
import { removeRotation, setRotation } from "@/automate/password-rotations/set-rotation";

/** What sets and checks passwords. */
export type RotationRuns = Omit<RotationDeps, "signal">;

/** The rotation of passwords at their servers, for an Admin. */
export function rotationRoutes(app: FastifyInstance, runs: RotationRuns): void {
  const stopping = new AbortController();
  app.addHook("onClose", async () => stopping.abort());
  const deps: RotationDeps = { ...runs, signal: stopping.signal };

  handle(app, "rotation:set", ({ scope, body }) => setRotation(scope, body));

  handle(app, "rotation:remove", ({ scope, body }) => removeRotation(scope, body.secretId));

  handle(app, "rotation:start", ({ scope, body, request }) =>
    rotateNow(deps, scope, body.secretId, (error) =>
      request.log.error({ error }, "a password rotation broke off, and is continued"),
    ),
  );
}
