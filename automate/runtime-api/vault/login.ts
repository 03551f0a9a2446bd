import type { FastifyRequest } from "fastify";
import * as z from "zod";
import { Refusal } from "@/automate/http/error";
import { recordRefusedToken } from "@/automate/runtime-api/authenticate";
import { isWorkloadToken } from "@/automate/runtime-api/token-lifetime";
import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import { callerOf, clientTokenOf, type VaultCaller } from "@/automate/runtime-api/vault/caller";
import { authOf } from "@/automate/runtime-api/vault/tokens";
import { matchesFabric } from "@/lib/access/fabric-reference";

const approle = z.object({ role_id: z.string().max(256), secret_id: z.string().max(256) });
const jwtLogin = z.object({
  role: z.string().max(256).optional(),
  jwt: z.string().max(16_384).refine(isWorkloadToken),
});

/**
 * `auth/{mount}/login` at any mount, because clients have defaults of their own. The body decides which login
 * it is.
 */
export async function logIn(request: FastifyRequest, body: unknown): Promise<VaultAnswer> {
  const byJwt = jwtLogin.safeParse(body);
  if (byJwt.success) return loginByJwt(request, byJwt.data);
  const byRole = approle.safeParse(body);
  if (byRole.success) return loginByRole(request, byRole.data);
  throw new VaultRefusal(400, ["missing jwt, or role_id and secret_id"]);
}

/**
 * AppRole login: `role_id` is the fabric, by id or name; `secret_id` is a pipeline token.
 *
 * It creates nothing. The client token is the pipeline token itself, so that revoking it takes effect at the
 * next request.
 */
async function loginByRole(
  request: FastifyRequest,
  { role_id: role, secret_id: token }: z.infer<typeof approle>,
): Promise<VaultAnswer> {
  const caller = await findCaller(request, token);
  if (!caller || !(await isRoleOf(caller, role))) throw new VaultRefusal(400, ["invalid role or secret ID"]);
  return { auth: await authOf(caller) };
}

/**
 * JWT login, as for Kubernetes too: `jwt` is a token of an issuer that the fabric trusts; `role` is the fabric, by
 * id or name.
 *
 * It creates nothing. The client token is the fabric's id and the workload's own token, and expires with it.
 */
async function loginByJwt(
  request: FastifyRequest,
  { role = "", jwt }: z.infer<typeof jwtLogin>,
): Promise<VaultAnswer> {
  const caller = await findCaller(request, jwt, role || undefined);
  if (!caller || (role && !(await isRoleOf(caller, role))))
    throw new VaultRefusal(400, ["invalid role or JWT"]);
  return { auth: await authOf({ ...caller, token: clientTokenOf(caller.mount, jwt) }) };
}

/** True when the role is the caller's fabric. Records a refusal otherwise. */
async function isRoleOf({ mount, scope, source }: VaultCaller, role: string): Promise<boolean> {
  if (matchesFabric(mount, role)) return true;
  await recordRefusedToken(scope, "wrong_fabric", source);
  return false;
}

/** Returns null for an invalid token. Rate limits and database outages are answered as everywhere else. */
function findCaller(
  request: FastifyRequest,
  token: string,
  fabric?: string | undefined,
): Promise<VaultCaller | null> {
  return callerOf(request, token, fabric).catch((error: unknown) => {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  });
}
