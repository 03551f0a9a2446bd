import "server-only";
import { z } from "zod";
import { connectors } from "@/lib/connectors/registry";
import type { Operation } from "@/web/management-api/define";
import { secretReference } from "@/web/management-api/operations/secrets";
import { operations } from "@/web/management-api/registry";

type Json = Record<string, unknown>;
/** A JSON Schema. */
export type Schema = z.core.JSONSchema.BaseSchema;

/** The management API as OpenAPI 3.1, generated from the schemas that validate requests and answers. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: described(operation),
    };
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
          description: "A personal access token: Settings → Access tokens.",
        },
      },
      schemas: { Failure: failureSchema, SecretReference: schemaOf(secretReference), ...propertySchemas() },
      responses: {
        Failure: { description: "It was not done.", content: json(referenceTo("Failure")) },
        Unavailable: {
          description:
            "The database or Automate does not answer. The message says whether nothing was changed, or that it is not known whether it was saved: then read it, or send the request again; with an Idempotency-Key it is done once.",
          headers: {
            "Retry-After": { description: "In how many seconds to try again.", schema: { type: "integer" } },
          },
          content: json(referenceTo("Failure")),
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
  const failures = statusesOf(operation).map((status) => [
    String(status),
    { $ref: `#/components/responses/${status === 503 ? "Unavailable" : "Failure"}` },
  ]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    parameters: parametersOf(operation),
    requestBody: body && {
      required: !body.safeParse(undefined).success,
      content: json(schemaOf(body, "input"), example),
    },
    responses: {
      "200": {
        description: "It was done.",
        content: json({
          type: "object",
          required: ["success", "data"],
          properties: { success: { const: true }, data: schemaOf(data), message: { type: "string" } },
        }),
        headers: {
          ETag: { description: "Of a single thing: its state, for `If-Match`.", schema: { type: "string" } },
        },
      },
      ...Object.fromEntries(failures),
    },
  };
}

/** The failure statuses of this operation. Every operation has 400, 401, 404, 500 and 503. */
export function statusesOf({ body, access, isConditional, again, method }: Operation): number[] {
  return [
    ...[400, 401, 404, 500, 503],
    ...(body ? [413, 415, 429] : []),
    ...(access.permission || body ? [403] : []),
    ...(method === "GET" ? [] : [409]),
    ...(isConditional ? [412] : []),
    ...(again ? [422] : []),
  ].sort((a, b) => a - b);
}

const idempotencyKey: Schema = {
  type: "string",
  description:
    "Repeated within a day with the same body, the request is answered and not done again: also when it was not known whether it was saved.",
};
const ifMatch: Schema = {
  type: "string",
  description: "The ETag of what you read: a change in between is refused with 412.",
};

/** The parameters in an operation's path, query and headers, in OpenAPI's form. */
export function parametersOf({ path, query, isConditional, again }: Operation) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, { type: "string" }] as const);
  const places: Record<string, Record<string, Schema>> = {
    path: Object.fromEntries(inPath),
    // What the schema makes of the text in the query: a number, for example.
    query: query ? fieldsOf(schemaOf(query)) : {},
    header: {
      ...(again && { "Idempotency-Key": idempotencyKey }),
      ...(isConditional && { "If-Match": ifMatch }),
    },
  };
  return Object.entries(places).flatMap(([place, fields]) =>
    Object.entries(fields).map(([name, { description, ...schema }]) => ({
      name,
      in: place,
      required: place === "path" || undefined,
      description,
      schema,
    })),
  );
}

/** The schema of the properties, for each kind of connection. */
function propertySchemas(): Record<string, Json> {
  return Object.fromEntries(
    Object.values(connectors).map(({ kind, name, fields }) => {
      const schema = schemaOf(fields, "input");
      const properties = Object.entries(fieldsOf(schema)).map(([field, meta]) => [field, propertyOf(meta)]);
      const { required } = schema;
      return [
        `${kind}Properties`,
        { type: "object", title: name, properties: Object.fromEntries(properties), required },
      ];
    }),
  );
}

/** A property as scripts send it: a credential is a reference, and metadata for our own forms is left out. */
function propertyOf(field: Json): Json {
  const { control, labels, unavailable, showWhen, requiredWhenShown, placeholder, inline, help, ...schema } =
    field;
  const description = help ? { description: help } : {};
  if (control !== "secret") return { ...schema, ...description };
  const reference = referenceTo("SecretReference");
  const given = inline ? { anyOf: [reference, { type: "string", contentEncoding: inline }] } : reference;
  return { ...given, title: schema.title, ...description };
}

/** The fields of an object's schema. */
export function fieldsOf({ properties = {} }: Schema) {
  // zod writes an object for each field, never `true` or `false`.
  return properties as Record<string, Schema>;
}

/** The JSON Schema of a schema's input or output. */
export function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function referenceTo(schema: string): Json {
  return { $ref: `#/components/schemas/${schema}` };
}

function json(schema: Json, example?: unknown): Json {
  return { "application/json": { schema, example } };
}
