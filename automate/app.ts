import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from "fastify";
import {
  busyRefusal,
  databaseUnavailable,
  keyServiceRefusal,
  outcomeUnknown,
  Refusal,
} from "@/automate/http/error";
import { healthRoutes } from "@/automate/http/health";
import type { JsonBody } from "@/automate/http/json-body";
import { measureAnswers, refusals } from "@/automate/http/metrics";
import { openAnswersOf, watchAnswers } from "@/automate/http/open-answers";
import { savedBy, watchRequests } from "@/automate/http/request-writes";
import { candidateRoutes } from "@/automate/internal-api/candidates";
import { checkRoutes, type Runs } from "@/automate/internal-api/checks";
import { copiedSecretRoutes } from "@/automate/internal-api/copied-secrets";
import { credentialAttemptRoutes } from "@/automate/internal-api/credential-attempts";
import { destinationRoutes } from "@/automate/internal-api/destinations";
import { entryLinkRoutes } from "@/automate/internal-api/entry-links";
import { fabricKeyRoutes } from "@/automate/internal-api/fabric-keys";
import { fabricRoutes } from "@/automate/internal-api/fabrics";
import { keyRotationRoutes } from "@/automate/internal-api/key-rotations";
import { operatorBackupRoutes } from "@/automate/internal-api/operator-backups";
import { operatorKeyRoutes } from "@/automate/internal-api/operator-keys";
import { type RotationRuns, rotationRoutes } from "@/automate/internal-api/password-rotations";
import { pipelineTokenRoutes } from "@/automate/internal-api/pipeline-tokens";
import { trashRoutes } from "@/automate/internal-api/trash";
import { trustedIssuerRoutes } from "@/automate/internal-api/trusted-issuers";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { type CommandLine, commandLineRoutes } from "@/automate/runtime-api/command-line";
import { connectionRoute } from "@/automate/runtime-api/connections";
import { openApiRoute } from "@/automate/runtime-api/openapi";
import { secretRoutes } from "@/automate/runtime-api/secrets";
import { answerList } from "@/automate/runtime-api/vault/list-method";
import { type VaultPrefix, withoutRepeatedSlashes } from "@/automate/runtime-api/vault/path";
import { answerMalformedPath } from "@/automate/runtime-api/vault/refusal";
import { vaultRoutes } from "@/automate/runtime-api/vault/routes";
import { whoamiRoute } from "@/automate/runtime-api/whoami";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { storeReaders } from "@/automate/secrets/readers";
import { flushRefusals } from "@/lib/audit/refusals";
import { CannotOpen } from "@/lib/crypto/open";
import { isOutage } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";
import { KeyServiceFault } from "@/lib/kms/define";
import { isBusy } from "@/lib/limits/busy";
import { delayRefusal } from "@/lib/limits/delayed-refusal";
import { serveInSlots } from "@/lib/limits/request-slots";
import { cutUnreadAnswers } from "@/lib/limits/unread-answers";
import { cutUnreadBodies } from "@/lib/limits/unread-bodies";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";

type Deps = { keys: FabricKeys; logger: NonNullable<FastifyServerOptions["logger"]> };

/** The server for pipelines: the runtime API, the Vault-compatible API and the command line. */
export function createRuntimeApp({
  keys,
  logger,
  commandLine,
}: Deps & { commandLine?: CommandLine | undefined }): FastifyInstance {
  const app = createApp(logger, "/vault/v1");
  openApiRoute(app, [whoamiRoute(app), ...secretRoutes(app, keys), connectionRoute(app, keys)]);
  commandLineRoutes(app, commandLine);
  vaultRoutes(app, keys, "/vault/v1");
  return app;
}

/** Only the Vault dialect, under plain /v1, for clients that accept no path prefix. */
export function createVaultApp({ keys, logger }: Deps): FastifyInstance {
  const app = createApp(logger, "/v1");
  vaultRoutes(app, keys, "/v1");
  return app;
}

/** The server for the signed requests of web and of the operator. It has its own port, which the network can close to everyone else. */
export function createInternalApp({
  keys,
  logger,
  changePassword,
  checkSoon,
  ...runs
}: Deps & Runs & Partial<Pick<RotationRuns, "changePassword">> & { checkSoon?: () => void }) {
  const app = createApp(logger);
  fabricKeyRoutes(app, keys);
  keyRotationRoutes(app, keys);
  fabricRoutes(app);
  operatorKeyRoutes(app, keys);
  operatorBackupRoutes(app, keys);
  pipelineTokenRoutes(app);
  entryLinkRoutes(app);
  trashRoutes(app);
  trustedIssuerRoutes(app);
  destinationRoutes(app);
  copiedSecretRoutes(app, keys);
  credentialAttemptRoutes(app);
  checkRoutes(app, runs);
  candidateRoutes(app, { ...runs, checkSoon });
  // The internal apps of tests that set no password have none.
  if (changePassword) rotationRoutes(app, { keys, changePassword, runPrepared: runs.runPrepared, checkSoon });
  return app;
}

/** The parts that all servers share: limits, error shape, health, log lines and metrics. */
function createApp(logger: Deps["logger"], vaultPrefix?: VaultPrefix): FastifyInstance {
  const { AUTOMATE_TRUST_PROXY_HOPS, STOP_DELAY_SECONDS } = automateEnv();
  const app: FastifyInstance = Fastify({
    logger,
    bodyLimit: 64 * 1024,
    requestTimeout: 30_000,
    // The answer does not repeat a path that cannot be parsed.
    frameworkErrors: (_error, request, reply: FastifyReply) => {
      if (vaultPrefix && request.url.startsWith(`${vaultPrefix}/`)) return answerMalformedPath(reply);
      reply.code(400).send(errorBody("invalid", "The request path is malformed."));
    },
    http: { maxHeaderSize: 16 * 1024 },
    // Clients join an address that ends with a slash to /v1; Vault redirects them.
    rewriteUrl: ({ url = "/" }) => (vaultPrefix ? withoutRepeatedSlashes(url, vaultPrefix) : url),
    // A URL can hold twelve names of at most 128 characters each.
    routerOptions: { maxParamLength: 12 * 128 },
    trustProxy: (_address, hop) => hop < AUTOMATE_TRUST_PROXY_HOPS,
    // During the drain, a hook of `healthRoutes` answers 503 in automate's own error shape.
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      if (socket.destroyed) return;
      const open = openAnswersOf(socket);
      // The client would read another answer as the rest of this one.
      if (open.some((answer) => answer.headersSent)) return void socket.resetAndDestroy();
      if (open.length === 0 && vaultPrefix && answerList(app, error, socket, vaultPrefix)) return;
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      // Otherwise a client that does not close the connection would hold it for ever.
      socket.destroySoon();
    },
    // Log lines name the route, not the path: callers sometimes paste a secret value where a name belongs.
    logController: new LogController({ disableRequestLogging: true }),
  });
  cutUnreadBodies(app.server);
  cutUnreadAnswers(app.server);
  watchAnswers(app.server);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJson);
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    // The audit log and the metrics already record each read. A log line for each would cost as much as
    // opening the secret.
    const isRead = /^(\/vault)?\/v1\//.test(route) && reply.statusCode < 400;
    const level = isRead ? "debug" : "info";
    request.log[level](
      { method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      "request completed",
    );
    done();
  });
  app.addHook("onClose", async () => {
    // Automate logs that it lost counts, without the driver's message: that message may contain a name.
    await flushRefusals();
    await flushAggregatedEvents().catch(() =>
      app.log.error("Could not record the event counts of the last minute."),
    );
    await storeReaders().catch(() => app.log.error("Could not store who read secrets in the last minute."));
  });
  // Without a promise for other answers: this is the hot path of reads.
  app.addHook("onSend", (_request, { statusCode }, _payload, done) => {
    if (statusCode === 429) void delayRefusal().then(() => done());
    else done();
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(errorBody("not_found", "Not found.")));

  measureAnswers(app);
  watchRequests(app);
  serveInSlots(app);
  healthRoutes(app, STOP_DELAY_SECONDS * 1000);
  return app;
}

/** Keeps the raw bytes with the parsed JSON, because web signs the bytes. */
function parseJson(
  _request: FastifyRequest,
  bytes: Buffer,
  done: (error: Error | null, body?: JsonBody) => void,
): void {
  try {
    done(null, { bytes, json: JSON.parse(bytes.toString("utf8")) });
  } catch {
    done(new Refusal(400, "invalid", "The request body is not valid JSON."));
  }
}

const statusOf: Readonly<Record<string, { status: number; code: string; message: string }>> = {
  NotFound: { status: 404, code: "not_found", message: "Not found." },
  Forbidden: { status: 403, code: "forbidden", message: "Not allowed." },
  NotFresh: { status: 403, code: "not_fresh", message: "Requires a sign-in within the last ten minutes." },
};

/**
 * Answers every error in automate's one error shape. Logs only the name and code of an unexpected error: its
 * message could contain a secret.
 */
function answerError(
  error: FastifyError,
  request: Parameters<FastifyInstance["errorHandler"]>[1],
  reply: Parameters<FastifyInstance["errorHandler"]>[2],
) {
  if (isBusy(error)) return answerError(busyRefusal(error), request, reply);
  if (error instanceof Refusal) {
    const { status, code, message, details } = error;
    refusals.inc({ code });
    if (details.retryAfterSeconds !== undefined) reply.header("retry-after", details.retryAfterSeconds);
    return reply.code(status).send(errorBody(code, message, details.errors));
  }
  const expected =
    error instanceof NotFound || error instanceof Forbidden || error instanceof NotFresh
      ? statusOf[error.name]
      : undefined;
  if (expected) return reply.code(expected.status).send(errorBody(expected.code, expected.message));
  if (error instanceof CannotOpen) {
    return reply
      .code(500)
      .send(errorBody("cannot_open", "Cannot open the stored value: it was changed, or its key is missing."));
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return reply
      .code(error.statusCode)
      .send(errorBody("invalid", "The request is malformed, too large or of an unsupported type."));
  }
  if (error instanceof KeyServiceFault)
    request.log.warn({ error: error.name, state: error.state, message: error.message }, "key service fault");
  else request.log.error({ error: error.name, code: error.code }, "request failed");
  // Only web sends writes. A pipeline only reads, so it can see from the answer whether it received its
  // values.
  const saved = request.url.startsWith("/internal/") ? savedBy(request) : "nothing";
  if (saved === "unknown") return answerError(outcomeUnknown(), request, reply);
  if (saved === "something")
    return reply
      .code(500)
      .send(errorBody("partly_saved", "An error occurred after part of the change was saved."));
  if (isOutage(error)) return answerError(databaseUnavailable(), request, reply);
  if (error instanceof KeyServiceFault) return answerError(keyServiceRefusal(error), request, reply);
  return reply.code(500).send(errorBody("unexpected", "Internal error. No value was returned."));
}

function errorBody(code: string, message: string, errors?: Refusal["details"]["errors"]) {
  return { error: { code, message, ...(errors ? { errors } : {}) } };
}
