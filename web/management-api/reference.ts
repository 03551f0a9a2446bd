import "server-only";
import { z } from "zod";
import type { Operation } from "@/web/management-api/define";
import { parametersOf, statusesOf } from "@/web/management-api/openapi";
import { operations } from "@/web/management-api/registry";
import type { ReferenceField, ReferenceOperation } from "@/web/management-api/schema";

/** The subset of JSON Schema that our schemas use. */
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    const: z.unknown().optional(),
    default: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    properties: z.record(z.string(), node).optional(),
    required: z.array(z.string()).optional(),
    oneOf: z.array(node).optional(),
    anyOf: z.array(node).optional(),
    items: node.optional(),
  }),
);
type Node = {
  type?: string | string[] | undefined;
  description?: string | undefined;
  const?: unknown;
  default?: unknown;
  enum?: unknown[] | undefined;
  properties?: Record<string, Node> | undefined;
  required?: string[] | undefined;
  oneOf?: Node[] | undefined;
  anyOf?: Node[] | undefined;
  items?: Node | undefined;
};

/** Every operation of the management API, for the reference page. */
export function referenceOperations(): ReferenceOperation[] {
  return operations.map((operation) => ({
    id: operation.id,
    method: operation.method,
    path: operation.path,
    tag: operation.tag,
    summary: operation.summary,
    description: operation.description ?? "",
    pathParameters: [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name),
    queries: parametersIn("query", operation),
    headers: parametersIn("header", operation),
    answer: answerOf(operation),
    failures: statusesOf(operation),
    bodies: bodiesOf(operation),
    example: operation.example === undefined ? null : JSON.stringify(operation.example, null, 2),
  }));
}

function parametersIn(place: "query" | "header", operation: Operation): ReferenceField[] {
  return parametersOf(operation)
    .filter((parameter) => parameter.in === place)
    .map(({ name, description = "", schema }) => ({
      path: name,
      type: typeOf(node.parse(schema)),
      isRequired: false,
      description,
    }));
}

function bodiesOf({ body }: Operation): ReferenceOperation["bodies"] {
  if (!body) return [];
  const schema = node.parse(z.toJSONSchema(body, { io: "input", unrepresentable: "any" }));
  const forms = schema.oneOf ?? [schema];
  return forms.map((form) => ({
    label: schema.oneOf ? String(form.properties?.subKind?.const ?? "") : "",
    fields: fieldsOf(form),
  }));
}

/**
 * The leaf fields of an object, by path. Includes the object itself when it is required but none of its
 * fields is.
 */
function fieldsOf(schema: Node, prefix = "", optional = ""): ReferenceField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const has = (schema.required ?? []).includes(name);
    const isRequired = has && optional !== "" ? { with: optional } : has;
    const own = { path, type: typeOf(field), isRequired, description: field.description ?? "" };
    if (!field.properties) return [own];
    const leaves = fieldsOf(field, path, has ? optional : path);
    return isRequired === false || leaves.some((leaf) => leaf.isRequired) ? leaves : [own, ...leaves];
  });
}

/** The fields of an answer; for a list, the fields of its items. */
function answerOf({ data }: Operation): ReferenceField[] {
  const schema = node.parse(z.toJSONSchema(data, { unrepresentable: "any" }));
  const told = (fields: ReferenceField[]) => fields.map((field) => ({ ...field, isRequired: false }));
  return told(
    Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      field.items?.properties
        ? fieldsOf(field.items, `${name}[]`)
        : fieldsOf({ properties: { [name]: field } }),
    ),
  );
}

function typeOf({ type, const: only, enum: choices, anyOf, oneOf, default: initial }: Node): string {
  if (only !== undefined) return JSON.stringify(only);
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  if (oneOf) return "object, as when it is made alone";
  if (anyOf) return anyOf.map(typeOf).join(" | ");
  const words = [type ?? "any"].flat().join(" | ");
  return initial === undefined || initial === "" ? words : `${words}, by default ${JSON.stringify(initial)}`;
}
