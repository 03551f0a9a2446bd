import "server-only";
import { notFound, redirect } from "next/navigation";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { currentActor } from "@/lib/next/actor";
import { signInPath } from "@/lib/next/auth/sign-in-path";
import { Forbidden, NotFound } from "@/lib/result";

/** The signed-in person of this page, or a redirect to sign in. */
export async function requireActor(): Promise<Actor & { kind: "user" }> {
  const actor = await currentActor();
  if (!actor) redirect(await signInPath());
  return actor;
}

/** The scope of a fabric's page. What is another team's, or nobody's, is not found. */
export async function requireScope<P extends Permission>(fabricId: string, permission: P): Promise<Scope<P>> {
  const actor = await requireActor();
  return authorize(actor, fabricId, permission).catch(notFoundPage);
}

/** The scope of a team's page. */
export async function requireTeamScope<P extends Permission>(
  teamId: string,
  permission: P,
): Promise<TeamScope<P>> {
  const actor = await requireActor();
  return authorizeTeam(actor, teamId, permission).catch(notFoundPage);
}

/** For a page whose thing may be gone: `getX(scope, id).catch(notFoundPage)`. */
export function notFoundPage(error: unknown): never {
  if (error instanceof NotFound || error instanceof Forbidden) notFound();
  throw error;
}
