import { v7 as uuidv7 } from "uuid";
import { allows, freshForMs, needsFreshSignIn, type Permission, type Role } from "@/lib/access/policy";
import type { Restriction } from "@/lib/access/restriction";
import type { Actor } from "@/lib/actor";
import { Forbidden, NotFresh } from "@/lib/result";

declare const proof: unique symbol;

/** Proof that `actor` may do `P` in this fabric. Only `grant` makes one. */
export type Scope<P extends Permission> = {
  readonly fabricId: string;
  readonly teamId: string;
  readonly role: Role;
  readonly actor: Actor;
  /** The only things of the fabric that this is a proof for; null for all of it. */
  readonly only: Restriction | null;
  readonly [proof]: (permission: P) => void;
};

/** Proof that `actor` may do `P` in this team. Only `grantTeam` makes one. */
export type TeamScope<P extends Permission> = {
  readonly teamId: string;
  readonly role: Role;
  readonly actor: Actor;
  readonly [proof]: (permission: P) => void;
};

/** Makes the proof, or throws: `Forbidden` when the policy says no, `NotFresh` when the sign-in is too old for it. */
export function grant<P extends Permission>(
  actor: Actor,
  role: Role,
  fabric: { id: string; teamId: string },
  permission: P,
  only: Restriction | null = null,
): Scope<P> {
  judge(actor, role, permission);
  return { fabricId: fabric.id, teamId: fabric.teamId, role, actor, only } as Scope<P>;
}

/** `grant` for a team. */
export function grantTeam<P extends Permission>(
  actor: Actor,
  role: Role,
  teamId: string,
  permission: P,
): TeamScope<P> {
  judge(actor, role, permission);
  return { teamId, role, actor } as TeamScope<P>;
}

/**
 * A fabric that is being made in a team: its id, which is new, and what its maker may do in it before it is stored. No id
 * can be given, so that no fabric that exists is ever named here.
 */
export function newFabric(team: TeamScope<"fabric:write">): {
  fabricId: string;
  scope: <P extends Permission>(permission: P) => Scope<P>;
} {
  const fabric = { id: uuidv7(), teamId: team.teamId };
  return {
    fabricId: fabric.id,
    scope: (permission) => grant(team.actor, team.role, fabric, permission),
  };
}

/** Whether the actor of a scope could be granted `permission` at this moment, with a sign-in as recent as it requires. */
export function mayNow(
  { actor, role }: { readonly actor: Actor; readonly role: Role },
  permission: Permission,
): boolean {
  return allows(role, permission) && (!needsFreshSignIn(permission) || isFresh(actor));
}

function judge(actor: Actor, role: Role, permission: Permission): void {
  if (!allows(role, permission)) throw new Forbidden(`A ${role} may not ${permission}.`);
  if (needsFreshSignIn(permission) && !isFresh(actor))
    throw new NotFresh(`${permission} needs a sign-in of the last ten minutes.`);
}

/** True for a person who signed in, or confirmed who they are, in the last ten minutes. */
export function isFresh(actor: Actor): boolean {
  return actor.kind === "user" && Date.now() - actor.authenticatedAt.getTime() <= freshForMs;
}
