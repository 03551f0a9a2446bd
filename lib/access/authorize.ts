import "server-only";
import { fabricState } from "@/lib/access/fabric-state";
import { allows, type Permission } from "@/lib/access/policy";
import { refusedAct } from "@/lib/access/refused-act";
import { type GrantedFabric, grant, grantTeam, type Scope, type TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";
import { createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";
import { Forbidden, NotFound } from "@/lib/result";

type Member = GrantedFabric & { n: number; name: string; role: "user" | "admin" };

const findMemberships = preparedQuery<Member>(
  `SELECT input.n::int AS n, f.id, f.name, f."teamId", ${fabricState}, m.role::text AS role
   FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS input("userId", "fabricId", n)
   JOIN fabric f ON f.id = input."fabricId"
   JOIN membership m ON m."teamId" = f."teamId" AND m."userId" = input."userId"`,
);

const findMembership = createRowLoader<{ userId: string; fabricId: string }, Member>((keys) =>
  findMemberships(
    keys.map(({ userId }) => userId),
    keys.map(({ fabricId }) => fabricId),
  ),
);

/**
 * Returns the proof that `actor` may do `permission` in a fabric. Reads the actor's current membership of the
 * fabric's team.
 * Throws `NotFound` for an unknown fabric, a fabric of another team, and a deleted one: an attacker could
 * otherwise probe for ids. Also throws `Forbidden` and `NotFresh`.
 */
export async function authorize<P extends Permission>(
  actor: Actor,
  fabricId: string,
  permission: P,
): Promise<Scope<P>> {
  // Postgres text cannot contain U+0000, so no fabric has this id.
  if (fabricId.includes("\0")) throw new NotFound("Fabric not found.");
  const [member] = await findMembership([{ userId: actor.id, fabricId }]);
  if (!member || actor.kind !== "user") throw new NotFound("Fabric not found.");
  try {
    return grant(actor, member.role, member, permission);
  } catch (error) {
    return refusedAct(error, actor, { kind: "fabric", ...member }, permission);
  }
}

/** `authorize` for a team. */
export async function authorizeTeam<P extends Permission>(
  actor: Actor,
  teamId: string,
  permission: P,
): Promise<TeamScope<P>> {
  const membership = await db.membership.findUnique({
    where: { teamId_userId: { teamId, userId: actor.id } },
    select: { role: true, team: { select: { name: true } } },
  });
  if (!membership || actor.kind !== "user") throw new NotFound("Team not found.");
  const { role, team } = membership;
  try {
    return grantTeam(actor, role, teamId, permission);
  } catch (error) {
    return refusedAct(error, actor, { kind: "team", id: teamId, teamId, ...team }, permission);
  }
}

/** Throws `Forbidden` unless the person's role in at least one team has `permission`. */
export async function requireAnyTeam(actor: Actor, permission: Permission): Promise<void> {
  const memberships = await db.membership.findMany({
    where: { userId: actor.id },
    distinct: ["role"],
    select: { role: true },
  });
  if (!memberships.some(({ role }) => allows(role, permission)))
    throw new Forbidden(`No team grants this person ${permission}.`);
}
