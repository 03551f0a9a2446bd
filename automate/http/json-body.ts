import type { FastifyRequest } from "fastify";

/** A JSON body, with the bytes that were signed. */
export type JsonBody = { bytes: Buffer; json: unknown };

/** The body that automate's own parser made, or undefined when there is none. */
export function bodyOf({ body }: FastifyRequest): JsonBody | undefined {
  return typeof body === "object" && body !== null && "bytes" in body ? (body as JsonBody) : undefined;
}

/** What the body says. */
export function jsonOf(request: FastifyRequest): unknown {
  return bodyOf(request)?.json;
}
