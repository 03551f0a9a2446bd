import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { CreateEntryLinkInput, entryLifetimes } from "@/lib/entry-links/schema";
import { webEnv } from "@/lib/env";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import { fail, ok, type Result } from "@/lib/result";

type Hours = keyof typeof entryLifetimes;

/**
 * Asks automate to create an entry link. Automate stores the hash of its token and records the event. Only this result
 * contains the link. The token is its fragment, which browsers send to no server.
 */
export async function createEntryLink(
  scope: Scope<"entry-link:write">,
  { name, note, lifetime, destinations, ...target }: CreateEntryLinkInput,
): Promise<Result<{ id: string; link: string }, Unserved | "locked" | "unknown_destination">> {
  const secret =
    "secretId" in target ? { id: target.secretId } : { name: target.secretName, subKind: target.subKind };
  const hours = Number(lifetime satisfies Hours);
  const answer = await askAutomate(scope, "entry-link:create", { name, note, secret, destinations, hours });
  if (!answer.ok) return answer;
  if ("problem" in answer.value) return fail(answer.value.problem);
  const { id, token } = answer.value;
  return ok({ id, link: `${new URL("/enter", webEnv().PUBLIC_URL)}#${token}` });
}

/** Asks automate to revoke an entry link. One that was used stays used. */
export async function revokeEntryLink(
  scope: Scope<"entry-link:write">,
  { linkId }: { linkId: string },
): Promise<Result<null, Unserved>> {
  const answer = await askAutomate(scope, "entry-link:revoke", { linkId });
  return answer.ok ? ok(null) : answer;
}
