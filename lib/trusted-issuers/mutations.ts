import "server-only";
import { readKeys } from "@/lib/access/issuer-keys";
import type { Scope } from "@/lib/access/scope";
import { type ConfirmIssuerInput, issuerProblems } from "@/lib/internal-api/bodies/trusted-issuer";
import { askAutomate } from "@/lib/internal-api/client";
import { findLimits } from "@/lib/pipeline-tokens/queries";
import { fail, ok, type Result } from "@/lib/result";
import { audienceOf, type CreateIssuerInput, namesFabric } from "@/lib/trusted-issuers/schema";

type Refusal = "invalid" | "automate_unavailable" | "key_service_unavailable" | "refused" | "reauthenticate";

/** Asks automate to trust an issuer for the fabric and to record it. */
export async function createIssuer(
  scope: Scope<"token:write">,
  { onlySecrets, onlyConnections, onlyFrom, keys, ...trust }: CreateIssuerInput,
): Promise<Result<{ id: string }, Refusal>> {
  const { fabricId } = scope;
  if (!namesFabric(trust.audience, fabricId))
    return fail("invalid", {
      audience: `The audience must contain this fabric’s id and no other: enter ${audienceOf(fabricId)}, and have the workload request it.`,
    });
  const ownKeys = keys.trim() === "" ? null : readKeys(keys);
  if (ownKeys && "problem" in ownKeys) return fail("invalid", { keys: ownKeys.problem });
  const limits = await findLimits(scope, { onlySecrets, onlyConnections, onlyFrom });
  if (!limits.ok) return limits;
  const body = { ...trust, ...ownKeys, limits: limits.value };
  const created = await askAutomate(scope, "issuer:create", body);
  if (!created.ok || "id" in created.value) return created as Result<{ id: string }, Refusal>;
  return fail("invalid", { issuer: issuerProblems[created.value.problem] });
}

/**
 * Asks automate to pin an issuer's limits to the secrets that their connections reference now, as shown to
 * the Admin.
 */
export async function confirmIssuer(
  scope: Scope<"token:write">,
  input: ConfirmIssuerInput,
): Promise<Result<null, Refusal>> {
  const confirmed = await askAutomate(scope, "issuer:confirm", input);
  return confirmed.ok ? ok(null) : confirmed;
}

/** Asks automate to stop trusting an issuer. The next request of its workloads is refused. */
export async function removeIssuer(
  scope: Scope<"token:write">,
  { issuerId }: { issuerId: string },
): Promise<Result<null, Refusal>> {
  const removed = await askAutomate(scope, "issuer:delete", { issuerId });
  return removed.ok ? ok(null) : removed;
}
