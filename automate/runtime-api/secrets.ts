import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { Refusal } from "@/automate/http/error";
import { jsonOf } from "@/automate/http/json-body";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import {
  recordRefusedToken,
  requirePipeline,
  reserveAnswerMemory,
  takeFromRate,
} from "@/automate/runtime-api/authenticate";
import { isUnchanged, valueEtag } from "@/automate/runtime-api/etag";
import { createM2mTokens } from "@/automate/runtime-api/oauth-tokens";
import { secretAnswer } from "@/automate/runtime-api/secret-answer";
import { sizeOf } from "@/automate/secrets/answer-budget";
import type { UsableSecret } from "@/automate/secrets/current-secret";
import {
  countUnchanged,
  getSecretByName,
  getSecretsByName,
  getVersion,
  openForUse,
} from "@/automate/secrets/read-secret";

type Params = { Params: { name: string }; Querystring: { version?: string } };

const batchBody = z.strictObject({ names: z.array(z.string().max(128)).min(1).max(100) });
/** The most bytes of files in one batch. Automate builds an answer in memory. */
const maxBatchBytes = 32 * 1024 * 1024;

const tokenBody = z.strictObject({ rejected: z.string().max(16_384).optional() });

/** The runtime API: a pipeline reads the secrets of its fabric. Each use is committed to the audit log first. */
export function secretRoutes(app: FastifyInstance, keys: FabricKeys): void {
  app.get<Params>("/v1/secrets/:name", async (request, reply) => {
    const caller = await requirePipeline(request);
    const current = await getSecretByName(caller, request.params.name);
    const version = parseVersion(request.query.version);
    const secret = version === undefined ? current : await getVersion(caller, current, version);
    if (isUnchanged(request, reply, valueEtag(secret))) {
      await countUnchanged(caller, [secret]);
      return reply.send();
    }
    await reserveAnswerMemory(caller, reply, [secret]);
    const [opened = {}] = await openForUse(keys, caller, [secret]);
    return secretAnswer(secret, opened);
  });

  // Fastify reads a single colon as the start of a parameter.
  app.post("/v1/secrets::batch", async (request, reply) => {
    const caller = await requirePipeline(request);
    const body = batchBody.safeParse(jsonOf(request));
    if (!body.success)
      throw new Refusal(
        400,
        "invalid",
        "Invalid request body. Send an object with “names”: a list of 1 to 100 names.",
      );
    const { names } = body.data;
    await takeFromRate(caller, names.length - 1);
    const secrets = await getSecretsByName(caller, names);
    const sizeBytes = sizeOf(secrets);
    if (sizeBytes > maxBatchBytes) {
      await recordRefusedToken(caller.scope, "too_large", caller.source);
      throw new Refusal(
        413,
        "too_large",
        "Response too large: the limit is 32 MiB of files. Request fewer secrets.",
      );
    }
    await reserveAnswerMemory(caller, reply, secrets);
    // A secret that is named twice is opened once.
    const distinct = new Map(secrets.map((secret) => [keyOf(secret), secret]));
    const opened = await openForUse(keys, caller, [...distinct.values()]);
    const answers = new Map(
      [...distinct].map(([key, secret], i) => [key, secretAnswer(secret, opened[i] ?? {})]),
    );
    reply.header("cache-control", "no-store");
    return { secrets: secrets.map((secret) => answers.get(keyOf(secret))) };
  });

  const m2mToken = createM2mTokens(keys);
  app.post<Params>("/v1/secrets/:name/token", async (request, reply) => {
    const caller = await requirePipeline(request);
    const body = tokenBody.safeParse(jsonOf(request) ?? {});
    if (!body.success)
      throw new Refusal(
        400,
        "invalid",
        "Invalid request body. Send none, or “rejected”: the token that an API answered with 401.",
      );
    const secret = await getSecretByName(caller, request.params.name);
    const { accessToken, expiresInSeconds, version } = await m2mToken(caller, secret, body.data.rejected);
    reply.header("cache-control", "no-store");
    return { access_token: accessToken, token_type: "Bearer", expires_in: expiresInSeconds, version };
  });
}

function keyOf({ id, requestedName }: UsableSecret): string {
  return `${id} ${requestedName}`;
}

function parseVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new Refusal(400, "invalid", "“version” must be a number of at least 1.");
  return Number(text);
}
