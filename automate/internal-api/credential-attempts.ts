import type { FastifyInstance } from "fastify";
import { forgetRefusals } from "@/automate/checks/attempt-limit";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle } from "@/automate/internal-api/verify-request";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { record } from "@/lib/audit/record";

/** Ends the sign-in pauses of a secret, for an Admin. */
export function credentialAttemptRoutes(app: FastifyInstance): void {
  handle(app, "credential-attempt:reset", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const secret = await findSecretById(scope, body.secretId);
    if (!secret) throw new Refusal(404, "not_found", "Secret not found.");
    const { id, name } = secret;
    return actFor(actor, async (tx) => {
      const endpoints = await forgetRefusals(tx, fabricId, id);
      const object = { kind: "secret" as const, id, name };
      const details = { destination: endpoints };
      await record(tx, { actor, teamId, fabricId, action: "secret.signin.reset", object, details });
      return { endpoints };
    });
  });
}
