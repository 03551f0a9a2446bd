import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { ConfirmPipelineTokenInput } from "@/lib/internal-api/bodies/pipeline-token";
import { askAutomate } from "@/lib/internal-api/client";
import { findLimits } from "@/lib/pipeline-tokens/queries";
import { type CreatePipelineTokenInput, type NewToken, tokenLifetimes } from "@/lib/pipeline-tokens/schema";
import { ok, type Result } from "@/lib/result";

type Refusal = "invalid" | "automate_unavailable" | "key_service_unavailable" | "refused" | "reauthenticate";
const dayMs = 86_400_000;

/**
 * Asks automate to create a pipeline token. Automate stores its hash and records the event. Only this result
 * contains the token.
 */
export async function createToken(
  scope: Scope<"token:write">,
  { name, lifetime, ...only }: CreatePipelineTokenInput,
): Promise<Result<NewToken, Refusal>> {
  const limits = await findLimits(scope, only);
  if (!limits.ok) return limits;
  const { days } = tokenLifetimes[lifetime];
  const expiresAt = days === null ? null : new Date(Date.now() + days * dayMs).toISOString();
  return askAutomate(scope, "token:create", { name, expiresAt, limits: limits.value });
}

/**
 * Asks automate to pin a pipeline token to the secrets that its connections reference now, as shown to the
 * Admin.
 */
export async function confirmToken(
  scope: Scope<"token:write">,
  input: ConfirmPipelineTokenInput,
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:confirm", input);
  return answer.ok ? ok(null) : answer;
}

/** Asks automate to make a member the owner of a pipeline token, or the Admins with null. */
export async function setTokenOwner(
  scope: Scope<"token:write">,
  { tokenId, ownerId }: { tokenId: string; ownerId: string | null },
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:owner", { tokenId, ownerId });
  return answer.ok ? ok(null) : answer;
}

/** Asks automate to revoke a pipeline token. Its next request is refused. */
export async function revokeToken(
  scope: Scope<"token:write">,
  { tokenId }: { tokenId: string },
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:revoke", { tokenId });
  return answer.ok ? ok(null) : answer;
}
