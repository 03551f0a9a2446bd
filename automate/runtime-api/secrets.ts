import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { recordRefusedToken, reserveAnswerMemory, takeFromRate } from "@/automate/runtime-api/authenticate";
import { type RuntimeOperation, runtimeOperation, serveOperation } from "@/automate/runtime-api/define";
import { isUnchanged, valueEtag } from "@/automate/runtime-api/etag";
import { createM2mTokens } from "@/automate/runtime-api/oauth-tokens";
import { batchAnswerSchema, secretAnswerSchema, tokenAnswerSchema } from "@/automate/runtime-api/schema";
import { secretAnswer } from "@/automate/runtime-api/secret-answer";
import { sizeOf } from "@/automate/secrets/answer-memory";
import {
  countUnchanged,
  getSecretByName,
  getSecretsByName,
  getVersion,
  openForUse,
} from "@/automate/secrets/read-secret";
import type { UsableSecret } from "@/automate/secrets/usable-secret";

const getSecret = runtimeOperation({
  id: "getSecret",
  method: "GET",
  path: "/v1/secrets/{name}",
  summary: "Read a secret by its name",
  query: z.object({
    version: z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number)
      .optional()
      .meta({ description: "A former version that the fabric keeps. Without it, the current one." }),
  }),
  invalid: "“version” must be a number of at least 1.",
  answer: secretAnswerSchema,
  hasEtag: true,
  refusals: [404],
});

const getSecrets = runtimeOperation({
  id: "getSecrets",
  method: "POST",
  path: "/v1/secrets:batch",
  summary: "Read several secrets, all or none",
  body: z.strictObject({ names: z.array(z.string().max(128)).min(1).max(100) }),
  invalid: "Invalid request body. Send an object with “names”: a list of 1 to 100 names.",
  answer: batchAnswerSchema,
  refusals: [404, 413],
});

/** The most bytes of files in one batch. Automate builds an answer in memory. */
const maxBatchBytes = 32 * 1024 * 1024;

const getToken = runtimeOperation({
  id: "getToken",
  method: "POST",
  path: "/v1/secrets/{name}/token",
  summary: "Get a bearer token of an M2M OAuth secret",
  body: z
    .strictObject({
      rejected: z
        .string()
        .max(16_384)
        .optional()
        .meta({ description: "A token that an API answered with 401." }),
    })
    .default({}),
  invalid: "Invalid request body. Send none, or “rejected”: the token that an API answered with 401.",
  answer: tokenAnswerSchema,
  refusals: [404, 409, 502],
});

/** The runtime API: a pipeline reads the secrets of its fabric. Each use is committed to the audit log first. */
export function secretRoutes(app: FastifyInstance, keys: FabricKeys): RuntimeOperation[] {
  const m2mToken = createM2mTokens(keys);
  return [
    serveOperation(app, getSecret, async ({ caller, params, query: { version }, request, reply }) => {
      const current = await getSecretByName(caller, params.name ?? "");
      const secret = version === undefined ? current : await getVersion(caller, current, version);
      if (isUnchanged(request, reply, valueEtag(secret))) {
        await countUnchanged(caller, [secret]);
        return null;
      }
      await reserveAnswerMemory(caller, reply, [secret]);
      const [opened = {}] = await openForUse(keys, caller, [secret]);
      return secretAnswer(secret, opened);
    }),

    serveOperation(app, getSecrets, async ({ caller, body: { names }, reply }) => {
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
      return { secrets: secrets.flatMap((secret) => answers.get(keyOf(secret)) ?? []) };
    }),

    serveOperation(app, getToken, async ({ caller, params, body: { rejected } }) => {
      const secret = await getSecretByName(caller, params.name ?? "");
      const { accessToken, expiresInSeconds, version } = await m2mToken(caller, secret, rejected);
      const common = { token_type: "Bearer" as const, version };
      return { ...common, access_token: accessToken, expires_in: expiresInSeconds };
    }),
  ];
}

function keyOf({ id, requestedName }: UsableSecret): string {
  return `${id} ${requestedName}`;
}
