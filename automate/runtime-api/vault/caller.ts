import type { FastifyRequest } from "fastify";
import { authenticate, bearerOf, type Credential, fabricOf } from "@/automate/runtime-api/authenticate";
import { denied, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { Caller } from "@/automate/secrets/read-secret";
import type { FabricReference } from "@/lib/access/fabric-reference";
import { db } from "@/lib/db/client";
import { suggestName } from "@/lib/suggest-name";

/** The caller of a Vault request: the token as sent, the credential in it, its scope, and the fabric that is its only mount. */
export type VaultCaller = Caller & { token: string; credential: Credential; mount: Mount };

/** A fabric as a mount. `slug` is its name as one word, or its id if the name has no letters or digits. */
export type Mount = FabricReference & { slug: string };

/** The client token of a workload: the id of the fabric that it logged in to, then its own token. */
const loggedIn = /^([\da-f-]{36})\.([\w-]+\.[\w-]+\.[\w-]+)$/;

/**
 * Authenticates a request by its X-Vault-Token or bearer token. `mount` is the fabric that its path names.
 * Throws `VaultRefusal` or `Refusal`.
 */
export async function requireVaultCaller(
  request: FastifyRequest,
  mount: string | undefined,
): Promise<VaultCaller> {
  const headerToken = request.headers["x-vault-token"];
  const token = typeof headerToken === "string" && headerToken !== "" ? headerToken : bearerOf(request);
  if (!token) throw new VaultRefusal(400, ["missing client token"]);
  return callerOf(request, token, mount);
}

/**
 * Authenticates a token as the runtime API does. A workload's fabric is the one that it logged in to, otherwise
 * the one in X-Selvage-Fabric, otherwise `named`.
 */
export async function callerOf(
  request: FastifyRequest,
  token: string,
  named: string | undefined,
): Promise<VaultCaller> {
  const [, fabricId, ownToken = token] = loggedIn.exec(token) ?? [];
  const fabric = fabricId ?? fabricOf(request) ?? named;
  const credential = { token: ownToken, fabric, source: request.ip };
  const caller = await authenticate(request, credential);
  const mount = await db.fabric.findUnique({
    where: { id: caller.scope.fabricId },
    select: { id: true, name: true },
  });
  if (!mount) throw denied();
  return { ...caller, token, credential, mount: { ...mount, slug: suggestName(mount.name) || mount.id } };
}

/** Returns a workload's client token. It names the fabric, because several fabrics may trust the issuer. */
export function clientTokenOf({ id }: Mount, jwt: string): string {
  return `${id}.${jwt}`;
}

/** Returns the workload's own token behind a client token; null for a pipeline token. */
export function workloadTokenOf(token: string): string | null {
  return token.includes(".") ? (loggedIn.exec(token)?.[2] ?? token) : null;
}
