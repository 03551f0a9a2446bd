import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UsableSecret } from "@/automate/secrets/current-secret";

/** What tells one state of a secret from the next (RFC 9110 §8.8.3). Weak: a rename changes the answer's `name`, not its value. */
export function valueEtag({ id, version }: Pick<UsableSecret, "id" | "version">): string {
  return `W/"${id}.${version}"`;
}

/** `valueEtag` for a connection: its settings, and the secrets that are filled in. Nothing of a value is in it. */
export function propertiesEtag(
  connection: { id: string; configHash: string; updatedAt: Date },
  secrets: readonly Pick<UsableSecret, "id" | "version">[],
): string {
  const parts = [connection.configHash, connection.updatedAt.getTime(), ...secrets.map(valueEtag).sort()];
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
  return `W/"${connection.id}.${digest}"`;
}

/** Puts the tag on the answer; true when the caller has this state already, and gets a 304 (RFC 9110 §13.1.2). */
export function isUnchanged(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header("cache-control", "no-store").header("etag", tag);
  const known = request.headers["if-none-match"];
  if (known === undefined) return false;
  // Compared weakly, and never by "*": whoever knows no tag has no state.
  const opaque = (one: string) => one.trim().replace(/^W\//, "");
  const isKnown = known.split(",").some((one) => opaque(one) === opaque(tag));
  if (isKnown) reply.code(304);
  return isKnown;
}
