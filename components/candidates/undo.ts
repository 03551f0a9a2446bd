import { undoReplacementAction } from "@/lib/candidates/actions";
import { fail, ok, type Result } from "@/lib/result";

/** Brings back the value before `expectedVersion`, for all connections and pipelines at once. */
export async function undo(
  fabricId: string,
  input: { secretId: string; expectedVersion: number },
): Promise<Result<null, string>> {
  const result = await undoReplacementAction(fabricId, input);
  if (!result.ok) return result;
  return "problem" in result.value ? fail(result.value.problem) : ok(null);
}

/** The sentences for why an undo failed. */
export const undoTexts: Readonly<Record<string, string>> = {
  changed: "Someone has replaced the value meanwhile. Reload the page to see the current version.",
  too_late: "The former value is not kept any more.",
};
