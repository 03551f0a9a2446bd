import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FabricKeys } from "@/automate/fabric-keys";
import { Refusal } from "@/automate/refusal";
import { envelope, type VaultAnswer, VaultRefusal } from "@/automate/vault/answer";
import { denied, isMount, nameFabric, requireVaultCaller } from "@/automate/vault/caller";
import { listNames, readData, readMetadata } from "@/automate/vault/secrets";
import {
  healthAnswer,
  mountAnswer,
  mountsAnswer,
  sealStatusAnswer,
  visibleMountsAnswer,
} from "@/automate/vault/system";
import { loginByJwt, loginByRole, lookUpSelf, renewSelf } from "@/automate/vault/tokens";

type Params = { Params: { "*": string }; Querystring: Record<string, string | undefined> };

const writes =
  "secrets are written in Selvage, on the Secrets tab of the fabric or by its management API, and read here";

/**
 * The read side of Vault's HTTP API with a KV version 2 engine, for clients that speak it: the fabric of the token is the one
 * mount. Source: developer.hashicorp.com/vault/api-docs.
 */
export function vaultRoutes(server: FastifyInstance, keys: FabricKeys): void {
  server.register(
    async (app) => {
      // Clients send JSON under many names, and under none.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes: Buffer, done) =>
        done(null, parse(bytes)),
      );
      app.setErrorHandler(answerRefusal);
      app.all<Params>("/*", async (request, reply) => {
        const answer = await dispatch(keys, request);
        if (answer === null) return reply.code(204).send();
        reply.header("cache-control", "no-store");
        return reply.code(answer.status ?? 200).send(envelope(answer));
      });
    },
    { prefix: "/vault/v1" },
  );
}

/** What a path and method ask for; null for what is done and has no answer. */
async function dispatch(keys: FabricKeys, request: FastifyRequest<Params>): Promise<VaultAnswer | null> {
  const path = request.params["*"].replace(/\/+$/, "");
  const isRead = ["GET", "HEAD"].includes(request.method);
  const isWrite = ["POST", "PUT"].includes(request.method);
  if (path === "sys/health" && isRead) return healthAnswer();
  if (path === "sys/seal-status" && isRead) return sealStatusAnswer();
  if (path === "auth/approle/login" && isWrite) return loginByRole(request, request.body);
  if (path === "auth/jwt/login" && isWrite) return loginByJwt(request, request.body);

  const parts = path.split("/");
  // By its id a mount says which of several fabrics a workload means.
  nameFabric(request, parts[0]);
  const caller = await requireVaultCaller(request);
  if (path === "auth/token/lookup-self") return lookUpSelf(caller);
  if (path === "auth/token/renew-self" && isWrite) return renewSelf(caller);
  // A login made nothing, so that nothing is taken back: the pipeline token is the Admin's to revoke.
  if (path === "auth/token/revoke-self" && isWrite) return null;
  if (path === "sys/mounts" && isRead) return mountsAnswer(caller);
  if (path.startsWith("sys/internal/ui/mounts") && isRead)
    return parts.length === 4 ? visibleMountsAnswer(caller) : mountAnswer(caller, parts.slice(4));

  const [mount = "", place = "", ...rest] = parts;
  if (!isMount(caller.mount, mount)) throw denied();
  if (!isRead) throw new VaultRefusal(403, [`permission denied: ${writes}`]);
  const name = rest.join("/");
  if (place === "metadata" && request.query.list === "true") return listNames(caller, name);
  if (place === "data" && name) return readData(keys, caller, name, request.query.version);
  if (place === "metadata" && name) return readMetadata(caller, name);
  throw new VaultRefusal(404, []);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Vault's one error shape. What nobody expected is logged by its name alone. */
function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const { status, errors, data } = vaultRefusalOf(error, request);
  reply.header("cache-control", "no-store");
  if (error instanceof Refusal && error.more.retryAfterSeconds !== undefined)
    reply.header("retry-after", error.more.retryAfterSeconds);
  return reply.code(status).send(data === undefined ? { errors } : envelope({ data }));
}

function vaultRefusalOf(error: unknown, request: FastifyRequest): VaultRefusal {
  if (error instanceof VaultRefusal) return error;
  if (error instanceof Refusal && error.status === 401) return denied();
  if (error instanceof Refusal && error.status === 429) return new VaultRefusal(429, ["rate limit exceeded"]);
  if (error instanceof Refusal && error.status === 503)
    return new VaultRefusal(503, ["Vault is shutting down"]);
  const name = error instanceof Error ? error.name : "unknown";
  request.log.error({ error: name }, "failed");
  return new VaultRefusal(500, ["internal error"]);
}
