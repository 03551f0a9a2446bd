import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import {
  readerOf,
  recordIfRefused,
  recordRefusedToken,
  requireAccess,
} from "@/automate/runtime-api/authenticate";
import {
  bodyOf,
  denied,
  type LaterKeys,
  noHandler,
  type VaultAnswer,
  VaultRefusal,
} from "@/automate/runtime-api/vault/answer";
import { requireVaultCaller, type VaultCaller } from "@/automate/runtime-api/vault/caller";
import { tokenPaths } from "@/automate/runtime-api/vault/capabilities";
import { logIn } from "@/automate/runtime-api/vault/login";
import {
  connectionAt,
  describedMount,
  nameAt,
  parseBool,
  partsOf,
  type VaultPrefix,
} from "@/automate/runtime-api/vault/path";
import { answerVaultRefusal } from "@/automate/runtime-api/vault/refusal";
import {
  listNames,
  readConnectionUri,
  readData,
  readEngine,
  readMetadata,
} from "@/automate/runtime-api/vault/secrets";
import { engineAnswer, mountAnswer, publicAnswers, tuneAnswer } from "@/automate/runtime-api/vault/system";
import { unreadAnswers } from "@/automate/secrets/answer-memory";
import { matchesFabric } from "@/lib/access/fabric-reference";
import { sendPages } from "@/lib/paged-answer";

type Query = Record<string, string | string[] | undefined>;
type Request = FastifyRequest<{ Params: { "*": string }; Querystring: Query }>;

/** A request below a mount: its path in parts, and whether its method reads. */
type Operation = {
  request: Request;
  reply: FastifyReply;
  parts: string[];
  isRead: boolean;
};

/** The collections below a mount of a KV version 2 engine. */
const kvCollections = ["config", "data", "delete", "destroy", "metadata", "subkeys", "undelete"];

/** How long a token's access counts while a client reads a long list, in milliseconds. */
const accessAgainMs = 1_000;

const noWrapping =
  "response wrapping is not supported: send no X-Vault-Wrap-TTL header, and no answer will be wrapped";
/** Vault's words for a path that the policies of a valid token do not contain. */
const notPermitted = "1 error occurred:\n\t* permission denied\n\n";
const readOnlyText =
  "permission denied: this API is read-only; write secrets in Selvage, on the fabric's Secrets tab or by the management API";

/**
 * The read side of Vault's HTTP API with a KV version 2 engine. The token's fabric is the only mount. Source:
 * developer.hashicorp.com/vault/api-docs.
 */
export function vaultRoutes(server: FastifyInstance, keys: FabricKeys, prefix: VaultPrefix): void {
  server.register(
    async (app) => {
      // Clients send JSON with various content types, or with none.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes: Buffer, done) =>
        done(null, parse(bytes)),
      );
      app.setErrorHandler(answerVaultRefusal);
      // Vault sends no charset, and some clients compare the whole header.
      app.addHook("onSend", (_request, reply, payload, done) => {
        if (payload !== undefined) reply.header("content-type", "application/json");
        done();
      });
      app.all("/*", async (request: Request, reply) => {
        const answer = await dispatch(keys, request, reply);
        if (answer === null) return reply.code(204).send();
        reply.header("cache-control", "no-store");
        if ("laterKeys" in answer && answer.laterKeys)
          return sendKeys(request, reply, answer, answer.laterKeys);
        return reply.send(bodyOf(answer));
      });
    },
    { prefix },
  );
}

/** Sends a list of several pages. The first bracket that closes is the end of `data.keys`. */
function sendKeys(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: VaultAnswer,
  { pages, caller }: LaterKeys,
): Promise<FastifyReply> {
  const json = JSON.stringify(bodyOf(answer));
  const end = json.indexOf("]");
  let accessAt = performance.now();
  const reader = {
    ...readerOf(caller),
    memory: unreadAnswers,
    async beforePage() {
      if (performance.now() - accessAt < accessAgainMs) return;
      await requireAccess(caller.credential);
      accessAt = performance.now();
    },
    onFailure: (error: unknown) =>
      request.log.error({ error: error instanceof Error ? error.name : "unknown" }, "list not completed"),
  };
  const paged = { head: json.slice(0, end), later: pages, tail: json.slice(end) };
  return recordIfRefused(caller, async () => sendPages(reply, paged, reader));
}

/** Runs the operation of a path and method. Returns null for success without a body. */
async function dispatch(
  keys: FabricKeys,
  request: Request,
  reply: FastifyReply,
): Promise<VaultAnswer | null> {
  // A client that requests wrapping forwards the answer, so it must not arrive in clear.
  if (request.headers["x-vault-wrap-ttl"]) throw new VaultRefusal(400, [noWrapping]);
  const parts = partsOf(request.params["*"]);
  const isRead = ["GET", "HEAD"].includes(request.method);
  const isWrite = ["POST", "PUT"].includes(request.method);
  const path = parts.join("/");
  const publicAnswer = isRead ? publicAnswers.get(path) : undefined;
  if (publicAnswer) return publicAnswer();
  if (/^auth\/(?!token\/).+\/login$/.test(path)) {
    if (isWrite) return logIn(request, request.body);
    throw new VaultRefusal(405, ["unsupported operation"]);
  }
  if (!isServed(parts)) throw noHandler(path);

  const caller = await requireVaultCaller(request, mountOf(parts));
  const tokenPath = tokenPaths.get(path);
  if (tokenPath && (tokenPath.isForAnyMethod || (tokenPath.capability === "read" ? isRead : isWrite)))
    return tokenPath.answer(caller, request.body);
  const description = isRead && describeMount(caller, parts);
  return description || readMount(keys, caller, { request, reply, parts, isRead });
}

/** True for the paths that need a token: those of the system, of the token itself and of a KV engine. */
function isServed([first = "", second = "", third]: readonly string[]): boolean {
  if (first === "sys") return true;
  if (first === "auth") return second === "token" && third !== undefined && third !== "login";
  return kvCollections.includes(second);
}

/** `sys/mounts/{mount}` and its like. Returns undefined for any other path, and for a mount of another fabric. */
function describeMount(caller: VaultCaller, parts: readonly string[]): VaultAnswer | undefined {
  const described = describedMount(parts);
  if (!described) return undefined;
  const { name, below, isForUi } = described;
  if (isForUi) return engineAnswer(caller, name);
  if (!matchesFabric(caller.mount, name)) return undefined;
  if (below === undefined) return mountAnswer(caller);
  return below === "tune" ? tuneAnswer(caller) : undefined;
}

/** The paths of the token's fabric. Records a refusal for any other mount, and for a write. */
async function readMount(
  keys: FabricKeys,
  caller: VaultCaller,
  { request, reply, parts, isRead }: Operation,
): Promise<VaultAnswer> {
  const [mount = "", collection = "", ...rest] = parts;
  if (!matchesFabric(caller.mount, mount)) {
    await recordRefusedToken(caller.scope, "wrong_fabric", caller.source);
    throw mount === "auth" ? new VaultRefusal(403, [notPermitted]) : denied();
  }
  if (!isRead) {
    await recordRefusedToken(caller.scope, "read_only", caller.source);
    throw new VaultRefusal(403, [readOnlyText]);
  }
  const name = nameAt(rest);
  const isList = isListOf(request.query);
  if (collection === "metadata" && isList) return listNames(caller, name);
  if (collection === "data" && isList) throw new VaultRefusal(405, ["unsupported operation"]);
  const version = wordOf(request.query.version);
  const connection = connectionAt(rest);
  if (collection === "data" && connection && version === undefined)
    return readConnectionUri(keys, caller, { path: name, connection, reply });
  if (collection === "data" && name)
    return readData(keys, caller, { path: name, requestedVersion: version, reply });
  if (collection === "metadata" && name) return readMetadata(caller, name);
  if (collection === "config" && !name) return readEngine(caller);
  throw new VaultRefusal(404, []);
}

/** Returns whether a request lists. Throws `VaultRefusal` 400 for a `list` that is neither true nor false. */
function isListOf({ list }: Query): boolean {
  const word = wordOf(list) ?? "";
  const isList = word === "" ? false : parseBool(word);
  if (isList === null)
    throw new VaultRefusal(400, [`strconv.ParseBool: parsing ${JSON.stringify(word)}: invalid syntax`]);
  return isList;
}

/** The value of a query parameter, or its first value. */
function wordOf(value: Query[string]): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Returns the mount that a path names. For a workload with several fabrics, it selects one. */
function mountOf(parts: readonly string[]): string | undefined {
  return parts[0] === "sys" || parts[0] === "auth" ? describedMount(parts)?.name : parts[0];
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
