import type { Result } from "@/lib/result";
import { restoreConnectionAction, restoreSecretAction } from "@/lib/trash/actions";
import type { TrashType } from "@/lib/trash/schema";

type Outcome = Result<{ id: string; name: string }, string>;

/** Takes a secret or a connection out of the trash, under its own name or another one. */
export function restore(
  fabricId: string,
  { type, id, newName }: { type: TrashType; id: string; newName?: string },
): Promise<Outcome> {
  const name = newName === undefined ? {} : { name: newName };
  return type === "secret"
    ? restoreSecretAction(fabricId, { secretId: id, ...name })
    : restoreConnectionAction(fabricId, { connectionId: id, ...name });
}

/** The sentences for why a restore failed. */
export function restoreTexts(result: Outcome | null): Readonly<Record<string, string>> {
  const secrets = result && !result.ok ? result.fieldErrors?.secrets : undefined;
  const quota = result && !result.ok ? result.fieldErrors?.quota : undefined;
  return {
    not_found: "It is no longer in the trash: somebody restored it, or it was purged. Reload the page.",
    forbidden: "Only an Admin may restore what somebody else created or deleted.",
    secret_in_trash: `It uses ${secrets ?? "a secret"}, which is in the trash, too. Restore that first.`,
    ...(quota === undefined ? {} : { quota_exceeded: quota }),
  };
}
