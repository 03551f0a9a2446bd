import "server-only";
import { notFound, redirect } from "next/navigation";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { currentActor } from "@/lib/next/actor";
import { signInPath } from "@/lib/next/auth/sign-in-path";
import { Forbidden, NotFound } from "@/lib/result";

/** Returns the signed-in person of this page, or redirects to the sign-in page. */
export async function requireActor(): Promise<Actor & { kind: "user" }> {
  const actor = await currentActor();
  if (!actor) redirect(await signInPath());
  return actor;
}

/**
 * Returns the scope of a fabric's page. Shows "not found" for unknown fabrics and for those of other teams.
 */
export async function requireScope<P extends Permission>(fabricId: string, permission: P): Promise<Scope<P>> {
  const actor = await requireActor();
  return authorize(actor, fabricId, permission).catch(notFoundPage);
}

/** Returns the scope of a team's page. */
export async function requireTeamScope<P extends Permission>(
  teamId: string,
  permission: P,
): Promise<TeamScope<P>> {
  const actor = await requireActor();
  return authorizeTeam(actor, teamId, permission).catch(notFoundPage);
}

/**
 * Shows "not found" when the object of a page is missing or forbidden: `getX(scope, id).catch(notFoundPage)`.
 */
export function notFoundPage(error: unknown): never {
  if (error instanceof NotFound || error instanceof Forbidden) notFound();
  throw error;
}
