import "server-only";
import { z } from "zod";
import { fieldMeta } from "@/lib/connectors/define";
import { connectors } from "@/lib/connectors/registry";
import { apiCodes } from "@/web/management-api/answer";
import type { Operation } from "@/web/management-api/define";
import { secretReference } from "@/web/management-api/operations/secrets";
import { operations } from "@/web/management-api/registry";

type Json = Record<string, unknown>;

/** The management API as OpenAPI 3.1, generated from the schemas that validate requests and answers. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    Object.assign(paths[operation.path] ?? {}, { [operation.method.toLowerCase()]: described(operation) });
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Selvage management API",
      version: "1",
      description:
        "Fabrics, secrets and connections. A value goes in and never comes out: pipelines receive values from Automate, not from here.",
    },
    servers: [{ url: "/" }],
    security: [{ accessToken: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        accessToken: {
          type: "apiKey",
          in: "header",
          name: "X-AUTH-TOKEN",
          description: "A personal access token: Settings → Access Tokens.",
        },
      },
      schemas: { Failure: failureSchema, SecretReference: schemaOf(secretReference), ...propertySchemas() },
      responses: {
        Failure: { description: "It was not done.", content: json({ $ref: "#/components/schemas/Failure" }) },
        Unavailable: {
          description:
            "The database or Automate does not answer. The message says whether nothing was changed, or that it is not known whether it was saved: then read it, or send the request again; with an Idempotency-Key it is done once.",
          headers: {
            "Retry-After": { description: "In how many seconds to try again.", schema: { type: "integer" } },
          },
          content: json({ $ref: "#/components/schemas/Failure" }),
        },
      },
    },
  };
}

const failureSchema = {
  type: "object",
  required: ["success", "message"],
  properties: {
    success: { const: false },
    message: {
      type: "string",
      examples: ["Update Secret failed due to : There is no such thing, or not for you."],
    },
    fieldErrors: {
      type: "object",
      description:
        "What is wrong, by the path of the field in the body, or the name of the parameter in the query.",
      additionalProperties: { type: "string" },
    },
  },
};

function described(operation: Operation): Json {
  const { id, tag, summary, description, body, example, data } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    parameters: parametersOf(operation),
    ...(body
      ? {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: json(schemaOf(body, "input"), example),
          },
        }
      : {}),
    responses: {
      "200": {
        description: "It was done.",
        content: json({
          type: "object",
          required: ["success", "data"],
          properties: { success: { const: true }, data: schemaOf(data), message: { type: "string" } },
        }),
        headers: {
          ETag: {
            description: "Of a single thing: its state, for `If-Match`.",
            schema: { type: "string" },
          },
        },
      },
      ...Object.fromEntries(
        statusesOf(operation).map((status) => [
          String(status),
          { $ref: `#/components/responses/${status === 503 ? "Unavailable" : "Failure"}` },
        ]),
      ),
    },
  };
}

/** The failure statuses of this operation. Every operation has 400, 401, 404, 500 and 503. */
export function statusesOf({ body, permission, isConditional, isIdempotent, method }: Operation): number[] {
  const { invalid, unauthorized, forbidden, not_found, name_taken, changed, too_large, media_type } =
    apiCodes;
  const { other_body, unexpected, database_unavailable, busy } = apiCodes;
  const statuses = [
    invalid,
    unauthorized,
    not_found,
    unexpected,
    database_unavailable,
    ...(body ? [too_large, media_type, busy] : []),
    ...(permission || body ? [forbidden] : []),
    ...(method === "GET" ? [] : [name_taken]),
    ...(isConditional ? [changed] : []),
    ...(isIdempotent ? [other_body] : []),
  ].map(({ status }) => status);
  return [...new Set(statuses)].sort((a, b) => a - b);
}

/** A parameter of an operation, in OpenAPI's form. */
export type Parameter = {
  name: string;
  in: "path" | "query" | "header";
  required?: true;
  description?: string;
  schema: Json;
};

/** The parameters in an operation's path, query and headers. */
export function parametersOf({ path, query, isConditional, isIdempotent }: Operation): Parameter[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ""]): Parameter => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }),
  );
  const queried = query ? schemaOf(query, "input") : {};
  const properties = (queried.properties ?? {}) as Record<string, Json>;
  const inQuery = Object.entries(properties).map(
    ([name, { description, ...schema }]): Parameter => ({
      name,
      in: "query",
      ...(typeof description === "string" ? { description } : {}),
      schema: name === "limit" ? { type: "integer", minimum: 1, maximum: 500 } : schema,
    }),
  );
  const header = (name: string, description: string): Parameter => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  return [
    ...inPath,
    ...inQuery,
    ...(isIdempotent
      ? [
          header(
            "Idempotency-Key",
            "Repeated within a day with the same body, the request is answered and not done again: also when it was not known whether it was saved.",
          ),
        ]
      : []),
    ...(isConditional
      ? [header("If-Match", "The ETag of what you read: a change in between is refused with 412.")]
      : []),
  ];
}

const referenceTo = { $ref: "#/components/schemas/SecretReference" };

/** The schema of the properties, for each kind of connection. */
function propertySchemas(): Record<string, Json> {
  return Object.fromEntries(
    Object.values(connectors).map(({ kind, name, fields }) => {
      const { properties = {}, required } = schemaOf(fields, "input");
      const told = Object.entries(properties as Record<string, Json>).map(([field, schema]) => {
        const meta = fieldMeta(shapeOf(fields)[field] ?? z.unknown());
        const { title, help } = meta;
        const words = { ...(title ? { title } : {}), ...(help ? { description: help } : {}) };
        return [
          field,
          meta.control === "secret"
            ? {
                ...(meta.inline
                  ? { anyOf: [referenceTo, { type: "string", contentEncoding: meta.inline }] }
                  : referenceTo),
                ...words,
              }
            : plain(schema),
        ];
      });
      return [
        `${kind}Properties`,
        { type: "object", title: name, properties: Object.fromEntries(told), required },
      ];
    }),
  );
}

function shapeOf(fields: z.ZodObject): Readonly<Record<string, z.core.$ZodType>> {
  return fields.shape;
}

/** Removes the metadata that only our own forms read. */
function plain({
  control,
  labels,
  unavailable,
  showWhen,
  requiredWhenShown,
  placeholder,
  help,
  ...schema
}: Json): Json {
  return { ...schema, ...(help ? { description: help } : {}) };
}

function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function json(schema: Json, example?: unknown): Json {
  return { "application/json": { schema, ...(example === undefined ? {} : { example }) } };
}
