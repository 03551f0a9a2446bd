import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import { fail, ok, type Result } from "@/lib/result";
import type { TrashType } from "@/lib/trash/schema";

/**
 * Asks automate to purge one thing of the trash now: the values of a secret are destroyed. Returns `in_use` with the
 * names of the connections in the trash that reference the secret, and that must be purged first.
 */
export async function purgeFromTrash(
  scope: Scope<"trash:purge">,
  input: { type: TrashType; id: string },
): Promise<Result<null, Unserved | "in_use">> {
  const answer = await askAutomate(scope, "trash:purge", input);
  if (!answer.ok) return answer;
  return "usedBy" in answer.value
    ? fail("in_use", { connections: answer.value.usedBy.join(", ") })
    : ok(null);
}
