import type { FastifyReply, FastifyRequest } from "fastify";
import { databaseUnavailable, keyServiceRefusal, Refusal } from "@/automate/http/error";
import { refusals } from "@/automate/http/metrics";
import { bodyOf, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import { isOutage } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";

/** Vault's words for a token that is not valid (any more). Vault Agent signs in again only if it reads them. */
const invalidToken = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";

/** Answers a failure in Vault's error shape. Logs only the name of an unexpected error. */
export function answerVaultRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (isOutage(error)) return answerVaultRefusal(databaseUnavailable(), request, reply);
  if (error instanceof KeyServiceFault) return answerVaultRefusal(keyServiceRefusal(error), request, reply);
  const refusal = vaultRefusalOf(error);
  if (refusal === null) {
    const name = error instanceof Error ? error.name : "unknown";
    request.log.error({ error: name }, "request failed");
  } else refusals.inc({ code: error instanceof Refusal ? error.code : `vault_${refusal.status}` });
  const { status, errors, data } = refusal ?? new VaultRefusal(500, ["internal error"]);
  reply.header("cache-control", "no-store");
  if (error instanceof Refusal && error.details.retryAfterSeconds !== undefined)
    reply.header("retry-after", error.details.retryAfterSeconds);
  return reply.code(status).send(data === undefined ? { errors } : bodyOf({ data }));
}

/** Answers a path that cannot be parsed, and does not repeat it. */
export function answerMalformedPath(reply: FastifyReply): void {
  // A serializer, because Fastify otherwise adds a charset to the content type.
  reply
    .code(400)
    .type("application/json")
    .serializer(JSON.stringify)
    .send({ errors: ["malformed request"] });
}

function vaultRefusalOf(error: unknown): VaultRefusal | null {
  if (error instanceof VaultRefusal) return error;
  if (error instanceof Refusal) return byStatus(error);
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (status === 413) return new VaultRefusal(413, ["request body too large"]);
  if (typeof status === "number" && status < 500) return new VaultRefusal(400, ["malformed request"]);
  return null;
}

function byStatus({ status, code, message }: Refusal): VaultRefusal {
  switch (status) {
    case 401:
      return new VaultRefusal(403, [invalidToken]);
    case 404:
      return new VaultRefusal(404, code === "in_trash" ? [message] : []);
    case 409:
      return new VaultRefusal(403, [`permission denied: ${message}`]);
    case 429:
      return new VaultRefusal(429, [code === "rate_limited" ? "rate limit exceeded" : message]);
    case 503:
      return new VaultRefusal(503, [code === "stopping" ? "Vault is shutting down" : message]);
    default:
      return new VaultRefusal(status, [message]);
  }
}
