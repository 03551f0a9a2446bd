import { findRotation } from "@/automate/password-rotations/rotation";
import type { RotationDeps } from "@/automate/password-rotations/set-outcome";
import type { NotSet } from "@/automate/password-rotations/set-rotation";
import { startPasswordRun } from "@/automate/password-rotations/start-run";
import { workOnNewRun } from "@/automate/password-rotations/work";
import { authorizeBackground } from "@/lib/access/background";
import type { Scope } from "@/lib/access/scope";
import { NotFound } from "@/lib/result";

/**
 * Begins a run for a person, or returns why it cannot. The run continues in the background, because it may take longer
 * than a request. The secret's page shows its state. Throws `NotFound`.
 */
export async function rotateNow(
  deps: RotationDeps,
  scope: Scope<"rotation:run">,
  secretId: string,
  /** Receives only the error's name: its message may contain a secret. */
  onError: (name: string) => void,
): Promise<{ secretId: string } | NotSet> {
  const rotation = await findRotation(scope, secretId);
  const background = rotation && (await authorizeBackground(scope.fabricId));
  if (!rotation || !background) throw new NotFound("Rotation not found.");
  const started = await startPasswordRun(deps.keys, background, rotation, scope.actor);
  if (!started.ok) return { problem: started.code };
  void workOnNewRun(deps, background, rotation, started.value).catch((error: Error) => onError(error.name));
  return { secretId };
}
