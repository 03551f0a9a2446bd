import type { FastifyRequest } from "fastify";

/** A JSON body, with the bytes that web signed. */
export type JsonBody = { bytes: Buffer; json: unknown };

/** Returns the body that automate's own parser made, or undefined. */
export function bodyOf({ body }: FastifyRequest): JsonBody | undefined {
  return typeof body === "object" && body !== null && "bytes" in body ? (body as JsonBody) : undefined;
}

/** Returns the parsed body. */
export function jsonOf(request: FastifyRequest): unknown {
  return bodyOf(request)?.json;
}
