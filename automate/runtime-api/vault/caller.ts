import type { FastifyRequest } from "fastify";
import { requirePipeline } from "@/automate/runtime-api/authenticate";
import { denied, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { Caller } from "@/automate/secrets/read-secret";
import type { CalledFabric } from "@/lib/access/called-fabric";
import { db } from "@/lib/db/client";
import { suggestName } from "@/lib/suggest-name";

/** Who asks by the dialect: the token as it came, its caller, and the fabric that is its one mount. */
export type VaultCaller = Caller & { token: string; mount: Mount };

/** A fabric as a mount, shown by its name as one word, or by its id where no such word is left. */
export type Mount = CalledFabric & { word: string };

/** What a login by a workload's token gives out: the fabric that its role named, and the token. */
const loggedIn = /^([\da-f-]{36})\.([\w-]+\.[\w-]+\.[\w-]+)$/;

/** The caller of a request with a credential in X-Vault-Token, or as a bearer. Throws as Vault does. */
export async function requireVaultCaller(request: FastifyRequest): Promise<VaultCaller> {
  const given = request.headers["x-vault-token"];
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const token = typeof given === "string" && given !== "" ? given : bearer;
  if (!token) throw new VaultRefusal(400, ["missing client token"]);
  return callerOf(request, token);
}

/** The caller that a token stands for. The one door of the runtime judges it. */
export async function callerOf(request: FastifyRequest, token: string): Promise<VaultCaller> {
  const [, fabricId, credential = token] = loggedIn.exec(token) ?? [];
  if (fabricId !== undefined) request.headers["x-selvage-fabric"] = fabricId;
  request.headers.authorization = `Bearer ${credential}`;
  const caller = await requirePipeline(request);
  const fabric = await db.fabric.findUnique({
    where: { id: caller.scope.fabricId },
    select: { id: true, name: true },
  });
  if (!fabric) throw denied();
  return { ...caller, token, mount: { ...fabric, word: suggestName(fabric.name) || fabric.id } };
}

/** The client token of a workload: its own, with the fabric that it signed in to, which several may be for the issuer. */
export function clientTokenOf({ id }: Mount, jwt: string): string {
  return `${id}.${jwt}`;
}

/** The workload's own token behind a client token; null for a pipeline token. */
export function workloadTokenOf(token: string): string | null {
  return token.includes(".") ? (loggedIn.exec(token)?.[2] ?? token) : null;
}

/** Takes a name in a path or a role as the fabric that a workload means, unless its request says so itself. */
export function nameFabric(request: FastifyRequest, given: string | undefined): void {
  if (given) request.headers["x-selvage-fabric"] ??= given;
}
