import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { noteRefused } from "@/automate/runtime-api/authenticate";
import { denied, envelope, type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import { nameFabric, requireVaultCaller } from "@/automate/runtime-api/vault/caller";
import { loginByJwt, loginByRole } from "@/automate/runtime-api/vault/login";
import { answerVaultRefusal } from "@/automate/runtime-api/vault/refusal";
import { listNames, readData, readMetadata } from "@/automate/runtime-api/vault/secrets";
import {
  healthAnswer,
  mountAnswer,
  mountsAnswer,
  sealStatusAnswer,
  visibleMountsAnswer,
} from "@/automate/runtime-api/vault/system";
import { lookUpSelf, renewSelf } from "@/automate/runtime-api/vault/tokens";
import { matchesFabric } from "@/lib/access/fabric-reference";

type Params = { Params: { "*": string }; Querystring: Record<string, string | undefined> };

const readOnlyText =
  "this API is read-only; write secrets in Selvage, on the fabric's Secrets tab or by the management API";

/**
 * The read side of Vault's HTTP API with a KV version 2 engine. The token's fabric is the only mount. Source:
 * developer.hashicorp.com/vault/api-docs.
 */
export function vaultRoutes(server: FastifyInstance, keys: FabricKeys): void {
  server.register(
    async (app) => {
      // Clients send JSON with various content types, or with none.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes: Buffer, done) =>
        done(null, parse(bytes)),
      );
      app.setErrorHandler(answerVaultRefusal);
      app.all<Params>("/*", async (request, reply) => {
        const answer = await dispatch(keys, request, reply);
        if (answer === null) return reply.code(204).send();
        reply.header("cache-control", "no-store");
        return reply.code(answer.status ?? 200).send(envelope(answer));
      });
    },
    { prefix: "/vault/v1" },
  );
}

/** Runs the operation of a path and method. Returns null for success without a body. */
async function dispatch(
  keys: FabricKeys,
  request: FastifyRequest<Params>,
  reply: FastifyReply,
): Promise<VaultAnswer | null> {
  const path = request.params["*"].replace(/\/+$/, "");
  const isRead = ["GET", "HEAD"].includes(request.method);
  const isWrite = ["POST", "PUT"].includes(request.method);
  if (path === "sys/health" && isRead) return healthAnswer();
  if (path === "sys/seal-status" && isRead) return sealStatusAnswer();
  if (path === "auth/approle/login" && isWrite) return loginByRole(request, request.body);
  if (path === "auth/jwt/login" && isWrite) return loginByJwt(request, request.body);

  const parts = path.split("/");
  nameFabric(request, mountOf(parts));
  const caller = await requireVaultCaller(request);
  if (path === "auth/token/lookup-self") return lookUpSelf(caller);
  if (path === "auth/token/renew-self" && isWrite) return renewSelf(caller);
  // A login creates nothing, so there is nothing to revoke. Only an Admin revokes a pipeline token.
  if (path === "auth/token/revoke-self" && isWrite) return null;
  if (path === "sys/mounts" && isRead) return mountsAnswer(caller);
  if (path.startsWith("sys/internal/ui/mounts") && isRead)
    return parts.length === 4 ? visibleMountsAnswer(caller) : mountAnswer(caller, parts.slice(4));

  const [mount = "", collection = "", ...rest] = parts;
  if (!matchesFabric(caller.mount, mount)) {
    await noteRefused(caller.scope, "wrong_fabric", caller.source);
    throw denied();
  }
  if (!isRead) {
    await noteRefused(caller.scope, "read_only", caller.source);
    throw new VaultRefusal(403, [`permission denied: ${readOnlyText}`]);
  }
  // Secret names have no folders. Some clients prefix each name with their own, so a dot replaces the slash.
  const name = rest.filter((part) => part !== "").join(".");
  const isList = request.query.list === "true";
  if (collection === "metadata" && isList) return listNames(caller, name);
  if (collection === "data" && isList) throw new VaultRefusal(405, ["unsupported operation"]);
  if (collection === "data" && name)
    return readData(keys, caller, { path: name, requestedVersion: request.query.version, reply });
  if (collection === "metadata" && name) return readMetadata(caller, name);
  throw new VaultRefusal(404, []);
}

/** Returns the mount that a path names. For a workload with several fabrics, it selects one. */
function mountOf(parts: readonly string[]): string | undefined {
  if (parts.slice(0, 4).join("/") === "sys/internal/ui/mounts") return parts[4];
  return parts[0] === "sys" || parts[0] === "auth" ? undefined : parts[0];
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
