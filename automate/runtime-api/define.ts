import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type * as z from "zod";
import { Refusal } from "@/automate/http/error";
import { jsonOf } from "@/automate/http/json-body";
import { requirePipeline } from "@/automate/runtime-api/authenticate";
import type { Caller } from "@/automate/secrets/read-secret";

/** The contract of one request of the runtime API. `openapi.ts` generates the document from it. */
export type RuntimeOperation<
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> = {
  /** The operationId. */
  id: string;
  method: "GET" | "POST";
  /** Path with {parameters}, as in OpenAPI. */
  path: `/v1/${string}`;
  summary: string;
  description?: string;
  query?: Q;
  body?: B;
  /** The message for a query or body that the schema refuses. */
  invalid?: string;
  /** Schema of the answer. */
  answer: A;
  /** Set when the answer has an ETag, so that If-None-Match can be answered 304. */
  hasEtag?: true;
  /** The statuses of refusals, in addition to those of every operation. */
  refusals: readonly number[];
};

type Call<Q, B> = {
  caller: Caller;
  params: Readonly<Record<string, string>>;
  query: Q;
  body: B;
  request: FastifyRequest;
  reply: FastifyReply;
};

/** Declares an operation, with its types inferred. */
export function runtimeOperation<
  A extends z.ZodType,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: RuntimeOperation<Q, B, A>): RuntimeOperation<Q, B, A> {
  return definition;
}

/**
 * Serves an operation to pipelines: authenticates the caller, parses the query and the body, and refuses the
 * path's other methods. `run` returns null after it has sent an answer without a body.
 */
export function serveOperation<Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  app: FastifyInstance,
  operation: RuntimeOperation<Q, B, A>,
  run: (call: Call<z.output<Q>, z.output<B>>) => Promise<z.output<A> | null>,
): RuntimeOperation {
  const { method, path, query, body, invalid } = operation;
  // Fastify reads a single colon as the start of a parameter.
  const url = path.replaceAll(":", "::").replace(/\{(\w+)\}/g, ":$1");
  const parse = <S extends z.ZodType>(schema: S | undefined, input: unknown): z.output<S> => {
    const parsed = schema?.safeParse(input);
    if (parsed && !parsed.success) throw new Refusal(400, "invalid", invalid ?? "Invalid request.");
    return parsed?.data as z.output<S>;
  };
  app.route({
    method,
    url,
    async handler(request, reply) {
      const caller = await requirePipeline(request);
      reply.header("cache-control", "no-store");
      const answer = await run({
        caller,
        params: request.params as Record<string, string>,
        query: parse(query, request.query),
        body: parse(body, jsonOf(request)),
        request,
        reply,
      });
      return answer ?? reply.send();
    },
  });
  const allowed = method === "GET" ? ["GET", "HEAD"] : [method];
  app.route({
    method: app.supportedMethods.filter((one) => !allowed.includes(one)) as HTTPMethods[],
    url,
    // Before the body, which may be of any type.
    async onRequest(_request, reply) {
      reply.header("allow", allowed.join(", "));
      throw new Refusal(405, "method_not_allowed", `Use ${method}.`);
    },
    handler: async () => {},
  });
  return operation;
}
