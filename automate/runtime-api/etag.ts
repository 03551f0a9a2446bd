import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UsableSecret } from "@/automate/secrets/current-secret";

/** The ETag of a secret's value (RFC 9110 §8.8.3). Weak: renaming changes the answer's `name`, not its value. */
export function valueEtag({ id, version }: Pick<UsableSecret, "id" | "version">): string {
  return `W/"${id}.${version}"`;
}

/** The ETag of a connection: its settings and the versions of its secrets. It reveals nothing about a value. */
export function propertiesEtag(
  connection: { id: string; configHash: string; updatedAt: Date },
  secrets: readonly Pick<UsableSecret, "id" | "version">[],
): string {
  const parts = [connection.configHash, connection.updatedAt.getTime(), ...secrets.map(valueEtag).sort()];
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
  return `W/"${connection.id}.${digest}"`;
}

/** Sets the ETag. Returns true, with status 304, when the caller already has this state (RFC 9110 §13.1.2). */
export function isUnchanged(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header("cache-control", "no-store").header("etag", tag);
  const known = request.headers["if-none-match"];
  if (known === undefined) return false;
  // Weak comparison. `*` never matches: a caller without a tag has no stored state.
  const opaque = (one: string) => one.trim().replace(/^W\//, "");
  const isKnown = known.split(",").some((one) => opaque(one) === opaque(tag));
  if (isKnown) reply.code(304);
  return isKnown;
}
