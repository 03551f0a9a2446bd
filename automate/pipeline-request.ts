import type { FastifyRequest } from "fastify";
import { Refusal } from "@/automate/refusal";
import { authorizePipeline } from "@/lib/access/pipeline";
import type { Scope } from "@/lib/access/scope";

/** The scope of a runtime request. Throws `Refusal` 401, in one shape, for a token that is missing, unknown, expired or revoked. */
export async function requirePipeline(request: FastifyRequest): Promise<Scope<"secret:use">> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const scope = token ? await authorizePipeline(token) : null;
  if (!scope)
    throw new Refusal(
      401,
      "unauthorized",
      "Send a valid pipeline token of a fabric as “Authorization: Bearer …”.",
    );
  return scope;
}
