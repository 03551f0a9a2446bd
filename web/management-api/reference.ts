import "server-only";
import type { Operation } from "@/web/management-api/define";
import { fieldsOf, parametersOf, type Schema, schemaOf, statusesOf } from "@/web/management-api/openapi";
import { operations } from "@/web/management-api/registry";
import type { ReferenceField, ReferenceOperation } from "@/web/management-api/schema";

/** Every operation of the management API, for the reference page. */
export function referenceOperations(): ReferenceOperation[] {
  return operations.map((operation) => {
    const { id, method, path, tag, summary, description = "", example } = operation;
    return {
      ...{ id, method, path, tag, summary, description },
      pathParameters: parametersIn("path", operation).map((parameter) => parameter.path),
      queries: parametersIn("query", operation),
      headers: parametersIn("header", operation),
      answer: answerOf(operation),
      failures: statusesOf(operation),
      bodies: bodiesOf(operation),
      example: example === undefined ? null : JSON.stringify(example, null, 2),
    };
  });
}

function parametersIn(location: "path" | "query" | "header", operation: Operation): ReferenceField[] {
  return parametersOf(operation)
    .filter((parameter) => parameter.in === location)
    .map(({ name, description = "", schema }) => ({
      path: name,
      type: typeOf(schema),
      isRequired: false,
      description,
    }));
}

function bodiesOf({ body }: Operation): ReferenceOperation["bodies"] {
  if (!body) return [];
  const schema = schemaOf(body, "input");
  const forms = schemasIn(schema.oneOf);
  if (forms.length === 0) return [{ label: "", fields: leavesOf(schema) }];
  return forms.map((form) => ({
    label: String(fieldsOf(form).subKind?.const ?? ""),
    fields: leavesOf(form),
  }));
}

/**
 * The leaf fields of an object, by path. Includes the object itself when it is required but none of its
 * fields is.
 */
function leavesOf(schema: Schema, prefix = "", optional = ""): ReferenceField[] {
  return Object.entries(fieldsOf(schema)).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const has = (schema.required ?? []).includes(name);
    const isRequired = has && optional !== "" ? { with: optional } : has;
    const own = { path, type: typeOf(field), isRequired, description: field.description ?? "" };
    if (!field.properties) return [own];
    const leaves = leavesOf(field, path, has ? optional : path);
    return isRequired === false || leaves.some((leaf) => leaf.isRequired) ? leaves : [own, ...leaves];
  });
}

/** The fields of an answer; for a list, the fields of its items. */
function answerOf({ data }: Operation): ReferenceField[] {
  const fields = Object.entries(fieldsOf(schemaOf(data))).flatMap(([name, field]) => {
    const [item] = schemasIn(field.items);
    return item?.properties ? leavesOf(item, `${name}[]`) : leavesOf({ properties: { [name]: field } });
  });
  return fields.map((field) => ({ ...field, isRequired: false }));
}

function typeOf({ type, const: only, enum: choices, anyOf, oneOf, default: initial }: Schema): string {
  if (only !== undefined) return JSON.stringify(only);
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  if (oneOf) return "object, as in its own create operation";
  if (anyOf) return schemasIn(anyOf).map(typeOf).join(" | ");
  const words = [type ?? "any"].flat().join(" | ");
  return initial === undefined || initial === "" ? words : `${words}, by default ${JSON.stringify(initial)}`;
}

/** The schemas in a keyword of JSON Schema. zod never writes `true` or `false` there. */
function schemasIn(keyword: Schema["items"] | Schema["oneOf"]): Schema[] {
  return [keyword ?? []].flat().filter((one) => typeof one === "object");
}
