import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate } from "@/lib/automate/client";
import type { ConfirmIssuerInput, CreateIssuerInput } from "@/lib/issuers/schema";
import { ok, type Result } from "@/lib/result";
import { findLimits } from "@/lib/tokens/queries";

type Refusal = "invalid" | "automate_unavailable" | "refused" | "reauthenticate";

/** Has automate trust an issuer for the fabric, and record it. */
export async function createIssuer(
  scope: Scope<"token:write">,
  { onlySecrets, onlyConnections, onlyFrom, ...trust }: CreateIssuerInput,
): Promise<Result<{ id: string }, Refusal>> {
  const limits = await findLimits(scope, { onlySecrets, onlyConnections, onlyFrom });
  if (!limits.ok) return limits;
  return askAutomate(scope, "issuer:create", { ...trust, limits: limits.value });
}

/** Has automate pin an issuer's limits to what their connections reference now, as it was shown. */
export async function confirmIssuer(
  scope: Scope<"token:write">,
  input: ConfirmIssuerInput,
): Promise<Result<null, Refusal>> {
  const confirmed = await askAutomate(scope, "issuer:confirm", input);
  return confirmed.ok ? ok(null) : confirmed;
}

/** Has automate trust an issuer no longer: the next request of its workloads is refused. */
export async function removeIssuer(
  scope: Scope<"token:write">,
  { issuerId }: { issuerId: string },
): Promise<Result<null, Refusal>> {
  const removed = await askAutomate(scope, "issuer:delete", { issuerId });
  return removed.ok ? ok(null) : removed;
}
