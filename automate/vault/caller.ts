import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { requirePipeline } from "@/automate/pipeline-request";
import type { Caller } from "@/automate/read-secret";
import { VaultRefusal } from "@/automate/vault/answer";
import { db } from "@/lib/db";
import { suggestName } from "@/lib/secrets/schema";

/** Who asks by the dialect: the token as it came, its caller, and the fabric that is its one mount. */
export type VaultCaller = Caller & { token: string; mount: Mount };

/** A fabric as a mount: its names in a path are its id, its name, and its name as one word. */
export type Mount = { fabricId: string; name: string; word: string };

/** The caller of a request with a pipeline token in X-Vault-Token, or as a bearer. Throws as Vault does. */
export async function requireVaultCaller(request: FastifyRequest): Promise<VaultCaller> {
  const given = request.headers["x-vault-token"];
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const token = typeof given === "string" && given !== "" ? given : bearer;
  if (!token) throw new VaultRefusal(400, ["missing client token"]);
  return callerOf(request, token);
}

/** The caller that a token stands for. The one door of the runtime judges it. */
export async function callerOf(request: FastifyRequest, token: string): Promise<VaultCaller> {
  request.headers.authorization = `Bearer ${token}`;
  const caller = await requirePipeline(request);
  const fabric = await db.fabric.findUnique({
    where: { id: caller.scope.fabricId },
    select: { id: true, name: true },
  });
  if (!fabric) throw denied();
  const word = suggestName(fabric.name);
  return { ...caller, token, mount: { fabricId: fabric.id, name: fabric.name, word } };
}

/** Takes an id in a path or a role as the fabric that a workload means, unless its request says so itself. */
export function nameFabric(request: FastifyRequest, given: string | undefined): void {
  if (z.uuid().safeParse(given).success) request.headers["x-selvage-fabric"] ??= given;
}

/** True when the name in a path or a role means this mount. */
export function isMount({ fabricId, name, word }: Mount, given: string): boolean {
  return [fabricId, name, word].some((one) => one.toLowerCase() === given.toLowerCase());
}

/** What Vault says of all that a token has no right to, there or not. */
export function denied(): VaultRefusal {
  return new VaultRefusal(403, ["permission denied"]);
}
