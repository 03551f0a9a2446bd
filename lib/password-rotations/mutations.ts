import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import type { AutomateAnswer } from "@/lib/internal-api/contract";
import { findOverlap } from "@/lib/password-rotations/overlap";
import type { RotationInput, RotationProblem } from "@/lib/password-rotations/schema";
import { overlapText } from "@/lib/password-rotations/texts";
import { fail, NotFound, ok, type Result } from "@/lib/result";

// Web only asks for these. Automate alone writes the rows that let it set passwords, and records each act.

type Runner = Scope<"rotation:run">;
type Answered<T> = Result<T, RotationProblem | Unserved>;

/**
 * Sets up how Selvage rotates the password of a secret. Returns the destinations of the administrator's secret that
 * this person has to confirm first, if any.
 */
export async function setRotation(
  scope: Scope<"rotation:write">,
  input: RotationInput,
): Promise<Answered<{ toConfirm: string[] }>> {
  const answer = await askAutomate(scope, "rotation:set", input);
  if (answer.ok && "problem" in answer.value && answer.value.problem === "destination_unconfirmed")
    return ok({ toConfirm: answer.value.destinations ?? [] });
  const set = answered(answer);
  return set.ok ? ok({ toConfirm: [] }) : set;
}

/** Ends the rotation of a secret, whose value stays. */
export async function removeRotation(scope: Runner, input: { secretId: string }): Promise<Answered<null>> {
  return answered(await askAutomate(scope, "rotation:remove", input));
}

/** Starts a run. It goes on in the background. Within the overlap, it says until when that lasts. */
export async function startRotation(scope: Runner, input: { secretId: string }): Promise<Answered<null>> {
  const started = answered(await askAutomate(scope, "rotation:start", input));
  if (started.ok || started.code !== "too_early") return started;
  const { secretId } = input;
  const rotation = await db.passwordRotation.findFirst({ where: { secretId, fabricId: scope.fabricId } });
  const overlap = rotation && (await findOverlap(rotation));
  return overlap ? fail("too_early", { root: overlapText(overlap) }) : started;
}

type Answer = Result<AutomateAnswer<"rotation:set" | "rotation:remove" | "rotation:start">, Unserved>;

/** Automate refuses these requests only for what it does not find. */
function answered(answer: Answer): Answered<null> {
  if (!answer.ok && answer.code === "refused") throw new NotFound("Rotation not found.");
  if (!answer.ok) return answer;
  return "problem" in answer.value ? fail(answer.value.problem) : ok(null);
}
