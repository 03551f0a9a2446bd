import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { ConfirmPipelineTokenInput } from "@/lib/internal-api/bodies/pipeline-token";
import { askAutomate } from "@/lib/internal-api/client";
import { findLimits } from "@/lib/pipeline-tokens/queries";
import { type CreatePipelineTokenInput, type NewToken, tokenLifetimes } from "@/lib/pipeline-tokens/schema";
import { ok, type Result } from "@/lib/result";

type Refusal = "invalid" | "automate_unavailable" | "refused" | "reauthenticate";
const dayMs = 86_400_000;

/** Has automate make a pipeline token, store its hash and record it. The answer is the only place where it is shown. */
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

/** Has automate pin a pipeline token to what its connections reference now, as it was shown. */
export async function confirmToken(
  scope: Scope<"token:write">,
  input: ConfirmPipelineTokenInput,
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:confirm", input);
  return answer.ok ? ok(null) : answer;
}

/** Has automate revoke a pipeline token: its next request is refused. */
export async function revokeToken(
  scope: Scope<"token:write">,
  { tokenId }: { tokenId: string },
): Promise<Result<null, Refusal>> {
  const answer = await askAutomate(scope, "token:revoke", { tokenId });
  return answer.ok ? ok(null) : answer;
}
