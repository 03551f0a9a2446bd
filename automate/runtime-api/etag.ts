import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UsableSecret } from "@/automate/secrets/usable-secret";

let restore = "";

/**
 * Sets when this database was last restored from a backup. The restored version numbers are given a second time,
 * so the ETags that a pipeline received before must not match any more.
 */
export function setRestoredAt(restoredAt: Date | null): void {
  restore = restoredAt ? `.${restoredAt.getTime().toString(36)}` : "";
}

/** The ETag of a secret's value (RFC 9110 §8.8.3). Weak: renaming changes the answer's `name`, not its value. */
export function valueEtag({ id, version }: Pick<UsableSecret, "id" | "version">): string {
  return `W/"${id}.${version}${restore}"`;
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
export function isUnchanged(request: FastifyRequest, reply: FastifyReply, etag: string): boolean {
  reply.header("cache-control", "no-store").header("etag", etag);
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch === undefined) return false;
  // Weak comparison. `*` never matches: a caller without a tag has no stored state.
  const opaqueTag = (one: string) => one.trim().replace(/^W\//, "");
  const isMatch = ifNoneMatch.split(",").some((one) => opaqueTag(one) === opaqueTag(etag));
  if (isMatch) reply.code(304);
  return isMatch;
}
