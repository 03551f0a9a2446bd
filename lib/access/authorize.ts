import "server-only";
import type { Permission } from "@/lib/access/policy";
import { type Actor, grant, grantTeam, type Scope, type TeamScope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import { NotFound } from "@/lib/result";

/**
 * Proof that `actor` may do `permission` in a fabric, by membership of the fabric's team as it is now.
 * Throws `NotFound` for a fabric of another team and for none at all, which look alike; `Forbidden`; `NotFresh`.
 */
export async function authorize<P extends Permission>(
  actor: Actor,
  fabricId: string,
  permission: P,
): Promise<Scope<P>> {
  // Asked for at each request: one round trip, where Prisma's own query takes three.
  const [found] = await db.$queryRaw<{ id: string; teamId: string; role: "user" | "admin" }[]>`
    SELECT f.id, f."teamId", m.role::text AS role
    FROM fabric f JOIN membership m ON m."teamId" = f."teamId" AND m."userId" = ${actor.id}
    WHERE f.id = ${fabricId}`;
  if (!found || actor.kind !== "user") throw new NotFound("There is no such fabric.");
  return grant(actor, found.role, found, permission);
}

/** `authorize` for a team. */
export async function authorizeTeam<P extends Permission>(
  actor: Actor,
  teamId: string,
  permission: P,
): Promise<TeamScope<P>> {
  const membership = await db.membership.findUnique({
    where: { teamId_userId: { teamId, userId: actor.id } },
    select: { role: true },
  });
  if (!membership || actor.kind !== "user") throw new NotFound("There is no such team.");
  return grantTeam(actor, membership.role, teamId, permission);
}
