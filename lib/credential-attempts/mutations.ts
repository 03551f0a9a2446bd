import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import { ok, type Result } from "@/lib/result";

/**
 * Lifts the pause on sign-ins with a secret that was refused too often. Automate does this and records it.
 */
export async function resetAttempts(
  scope: Scope<"credential-attempt:reset">,
  { secretId }: { secretId: string },
): Promise<Result<null, Unserved>> {
  const reset = await askAutomate(scope, "credential-attempt:reset", { secretId });
  return reset.ok ? ok(null) : reset;
}
