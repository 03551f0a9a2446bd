import type { FastifyRequest } from "fastify";
import type { Caller } from "@/automate/read-secret";
import { Refusal } from "@/automate/refusal";
import { authorizePipeline } from "@/lib/access/pipeline";

/** Who asks, of a runtime request. Throws `Refusal` 401, in one shape, for a token that is missing, unknown, expired or revoked. */
export async function requirePipeline(request: FastifyRequest): Promise<Caller> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const scope = token ? await authorizePipeline(token) : null;
  if (!scope)
    throw new Refusal(
      401,
      "unauthorized",
      "Send a valid pipeline token of a fabric as “Authorization: Bearer …”.",
    );
  return { scope, source: request.ip };
}
