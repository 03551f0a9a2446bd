export type Json = Record<string, unknown>;

/** The paths of an OpenAPI document, with the operations of each by their methods. */
export function pathsOf<O extends { path: string; method: string }>(
  operations: readonly O[],
  objectOf: (operation: O) => Json,
): Record<string, Json> {
  const paths: Record<string, Json> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: objectOf(operation),
    };
  return paths;
}

/** The names of the parameters in a path such as `/v1/secrets/{name}`. */
export function namesInPath(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

/** The headers of an answer that asks its client to retry. */
export const retryAfter = {
  "Retry-After": { description: "Seconds to wait before a retry.", schema: { type: "integer" } },
};

/** A body in JSON. */
export function json(schema: Json, example?: unknown): Json {
  return { "application/json": { schema, example } };
}
