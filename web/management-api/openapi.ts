import "server-only";
import * as z from "zod";
import { connectors } from "@/lib/connectors/registry";
import { type Json, json, namesInPath, pathsOf, retryAfter } from "@/lib/openapi";
import { idempotencyKeyPattern, type Operation } from "@/web/management-api/define";
import { secretReference } from "@/web/management-api/operations/secrets";
import { operations } from "@/web/management-api/registry";

/** A JSON Schema. */
export type Schema = z.core.JSONSchema.BaseSchema;

/** The management API as OpenAPI 3.1, generated from the schemas that validate requests and answers. */
export function openApiDocument(): Json {
  return {
    openapi: "3.1.1",
    info: {
      title: "Selvage management API",
      version: "1",
      description:
        "Manages fabrics, secrets and connections. No operation returns a secret's value: pipelines read values from Automate. An empty text for an optional member counts as absent. A property that Selvage would not store is refused by its name; unknown members outside `properties` are ignored. A body is JSON in UTF-8, with the content type `application/json`, `application/x-www-form-urlencoded` (as curl sends it) or none.",
    },
    servers: [{ url: "/" }],
    security: [{ accessToken: [] }, { bearer: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: pathsOf(operations, operationObject),
    components: {
      securitySchemes: {
        accessToken: {
          type: "apiKey",
          in: "header",
          name: "X-AUTH-TOKEN",
          description: "A personal access token: Settings → Access tokens.",
        },
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "The same access token. With both headers and two different tokens the answer is 401.",
        },
      },
      schemas: { Failure: failureSchema, SecretReference: schemaOf(secretReference), ...propertySchemas() },
      responses: {
        Failure: { description: "Error.", content: json(referenceTo("Failure")) },
        Unavailable: {
          description:
            "The database or Automate is not available. The message says that nothing was changed, or that the outcome is unknown. If it is unknown, read the object, or send the request again: with an Idempotency-Key it runs once.",
          headers: retryAfter,
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
      examples: ["Update Secret failed due to : Not found."],
    },
    fieldErrors: {
      type: "object",
      description: "Error messages, by the path of the field in the body or the name of the query parameter.",
      additionalProperties: { type: "string" },
    },
  },
};

function operationObject(operation: Operation): Json {
  const { id, tag, summary, description, body, example, data, files } = operation;
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
        description: "Success.",
        content: files
          ? Object.fromEntries(
              files.map((file) => {
                const [type = ""] = file.split(";");
                return [type, { schema: type === "application/json" ? schemaOf(data) : { type: "string" } }];
              }),
            )
          : json({
              type: "object",
              required: ["success", "data"],
              properties: { success: { const: true }, data: schemaOf(data), message: { type: "string" } },
            }),
        headers: {
          ETag: { description: "The state of a single object, for `If-Match`.", schema: { type: "string" } },
        },
      },
      ...Object.fromEntries(failures),
      "431": { description: "The headers or the address are too long. Node.js answers without a body." },
    },
  };
}

/** The failure statuses of this operation. Every operation has 400, 401, 404, 429, 500 and 503. */
export function statusesOf({ body, access, isConditional, replay, method }: Operation): number[] {
  return [
    ...[400, 401, 404, 429, 500, 503],
    ...(body ? [413, 415] : []),
    ...(access.permission || body ? [403] : []),
    ...(method === "GET" ? [] : [409]),
    ...(isConditional ? [412] : []),
    ...(replay ? [422] : []),
  ].sort((a, b) => a - b);
}

const idempotencyKey: Schema = {
  type: "string",
  pattern: idempotencyKeyPattern.source,
  description:
    "A repeat with the same key and body within a day returns the result of the first request and does not run again, even if the first outcome was unknown.",
};
const ifMatch: Schema = {
  type: "string",
  description: "The ETag that you read. If the object has changed since, the request fails with 412.",
};

/** The parameters in an operation's path, query and headers, in OpenAPI's form. */
export function parametersOf({ path, query, isConditional, replay }: Operation) {
  const inPath = namesInPath(path).map((name) => [name, { type: "string" }] as const);
  const byLocation: Record<string, Record<string, Schema>> = {
    path: Object.fromEntries(inPath),
    // The schema parses the text of the query, for example to a number.
    query: query ? fieldsOf(schemaOf(query)) : {},
    header: {
      ...(replay && { "Idempotency-Key": idempotencyKey }),
      ...(isConditional && { "If-Match": ifMatch }),
    },
  };
  return Object.entries(byLocation).flatMap(([location, fields]) =>
    Object.entries(fields).map(([name, { description, ...schema }]) => ({
      name,
      in: location,
      required: location === "path" || undefined,
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
      const properties = fieldsOf(schema);
      const required = schema.required?.filter((field) => properties[field]?.userOf === undefined);
      return [
        `${kind}Properties`,
        { type: "object", title: name, properties: propertiesOf(schema), required },
      ];
    }),
  );
}

function propertiesOf(schema: Schema): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(fieldsOf(schema)).map(([name, field]) => [name, propertyOf(field)]),
  );
}

/** A property as scripts send it: a credential is a reference, and metadata for our own forms is left out. */
function propertyOf(field: Schema): Json {
  const { control, labels, unavailable, instead, port, showWhen, requiredWhenShown, ...more } = field;
  const { placeholder, inline, help, userOf, ...schema } = more;
  const about = userOf
    ? `Required unless the secret of \`${userOf}\` gives the username. It is not used then.`
    : help;
  const description = about ? { description: about } : {};
  if (control !== "secret")
    return { ...schema, ...description, ...(field.properties && { properties: propertiesOf(field) }) };
  const reference = referenceTo("SecretReference");
  const value = inline ? { anyOf: [reference, { type: "string", contentEncoding: inline }] } : reference;
  return { ...value, title: schema.title, ...description };
}

/** The fields of an object's schema. */
export function fieldsOf({ properties = {} }: Schema) {
  // zod writes an object for each field, never `true` or `false`.
  return properties as Record<string, Schema>;
}

/** The JSON Schema of a schema's input or output. */
export function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ jsonSchema }) {
      if (jsonSchema.pattern) jsonSchema.pattern = portable(jsonSchema.pattern);
      if (jsonSchema.acceptsEmpty) allowEmpty(jsonSchema);
    },
  });
  return rest;
}

/** Describes a text that may also be empty, which counts as absent. */
function allowEmpty(schema: Schema): void {
  delete schema.acceptsEmpty;
  delete schema.minLength;
  if (schema.pattern) schema.pattern = `^$|${schema.pattern}`;
}

/** A pattern that engines other than JavaScript's read in the same way (JSON Schema §6.4). */
function portable(pattern: string): string {
  return pattern.replaceAll("\\0", "\\u0000").replaceAll("\\P{Cc}", "[^\\u0000-\\u001f\\u007f-\\u009f]");
}

function referenceTo(schema: string): Json {
  return { $ref: `#/components/schemas/${schema}` };
}
