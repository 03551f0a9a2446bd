import "server-only";
import type { Actor } from "@/lib/actor";
import { currentSessionId } from "@/lib/next/actor";
import { currentSignInSource } from "@/lib/next/network";
import { fail, type Result } from "@/lib/result";
import { confirmSession } from "@/lib/sessions/mutations";

/** Makes this request's session fresh after a password check. Wrong passwords count as at sign-in. */
export async function confirmCurrentSession(
  actor: Actor,
  { password }: { password: string },
): Promise<Result<null, "invalid" | "signed_out">> {
  const sessionId = await currentSessionId();
  if (!sessionId || actor.kind !== "user") return fail("signed_out");
  return confirmSession(actor, sessionId, password, await currentSignInSource(actor.email));
}
