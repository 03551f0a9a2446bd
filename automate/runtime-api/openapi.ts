import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { RuntimeOperation } from "@/automate/runtime-api/define";
import { errorSchema } from "@/automate/runtime-api/schema";
import { type Json, json, namesInPath, pathsOf, retryAfter } from "@/lib/openapi";

/** Serves the OpenAPI description of these operations. Public, because it contains no stored data. */
export function openApiRoute(app: FastifyInstance, operations: readonly RuntimeOperation[]): void {
  const document = JSON.stringify(openApiDocument(operations));
  app.get("/v1/openapi.json", async (_request, reply) => reply.type("application/json").send(document));
}

/** The runtime API as OpenAPI 3.1, generated from the operations that serve it. */
export function openApiDocument(operations: readonly RuntimeOperation[]): Json {
  return {
    openapi: "3.1.1",
    info: {
      title: "Selvage runtime API",
      version: "1",
      description:
        "Returns the secrets and connections of one fabric to its pipelines. Automate records each use before it opens a value. A body is JSON in UTF-8 with the content type `application/json`.",
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths: pathsOf(operations, operationObject),
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A pipeline token of the fabric, or a token of an issuer that the fabric trusts.",
        },
      },
      schemas: { Error: schemaOf(errorSchema) },
      responses: {
        Refusal: { description: "The error’s code says why.", content: json(reference("schemas", "Error")) },
        Later: {
          description: "Retry after some time.",
          headers: retryAfter,
          content: json(reference("schemas", "Error")),
        },
      },
    },
  };
}

function operationObject(operation: RuntimeOperation): Json {
  const { id, summary, description, body, answer, hasEtag } = operation;
  const etag = { ETag: { description: "For If-None-Match.", schema: { type: "string" } } };
  return {
    operationId: id,
    summary,
    description,
    parameters: parametersOf(operation),
    requestBody: body && {
      required: !body.safeParse(undefined).success,
      content: json(schemaOf(body, "input")),
    },
    responses: {
      "200": {
        description: "Success.",
        content: json(schemaOf(answer)),
        ...(hasEtag && { headers: etag }),
      },
      ...(hasEtag && { "304": { description: "Unchanged. Nothing was opened.", headers: etag } }),
      ...Object.fromEntries(
        refusalsOf(operation).map((status) => [
          String(status),
          reference("responses", status === 429 || status === 503 ? "Later" : "Refusal"),
        ]),
      ),
    },
  };
}

/** Every operation has 400, 401, 429, 500 and 503. */
function refusalsOf({ body, refusals }: RuntimeOperation): number[] {
  return [...new Set([400, 401, 429, 500, 503, ...(body ? [413, 415] : []), ...refusals])].sort();
}

function parametersOf({ path, query, hasEtag }: RuntimeOperation): Json[] {
  const inPath = namesInPath(path).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const { properties = {} } = query ? schemaOf(query, "input") : {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...inPath,
    ...inQuery,
    ...(hasEtag ? [header("If-None-Match", "The ETag of the state that the caller has.")] : []),
    header("X-Selvage-Fabric", "The fabric’s id or name, if several fabrics trust a workload’s audience."),
  ];
}

function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function reference(of: "schemas" | "responses", name: string): Json {
  return { $ref: `#/components/${of}/${name}` };
}
