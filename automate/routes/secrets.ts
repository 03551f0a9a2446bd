import type { FastifyInstance } from "fastify";
import type { FabricKeys } from "@/automate/fabric-keys";
import { requirePipeline } from "@/automate/pipeline-request";
import { answerValue, getSecretByName, useSecret } from "@/automate/read-secret";

type Params = { Params: { name: string } };

/** The runtime API: a pipeline's token receives the secrets of its fabric, each use committed to the audit log first. */
export function secretRoutes(app: FastifyInstance, keys: FabricKeys): void {
  app.get<Params>("/v1/secrets/:name", async (request, reply) => {
    const scope = await requirePipeline(request);
    const secret = await getSecretByName(scope, request.params.name, request.ip);
    const opened = await useSecret(keys, scope, secret, request.ip);
    reply.header("cache-control", "no-store");
    return {
      name: secret.name,
      subKind: secret.subKind,
      version: secret.version,
      ...answerValue(secret.subKind, opened),
    };
  });
}
