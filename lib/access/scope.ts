import { v7 as uuidv7 } from "uuid";
import { allows, freshForMs, needsFreshSignIn, type Permission, type Role } from "@/lib/access/policy";
import type { Restriction } from "@/lib/access/restriction";
import type { Actor } from "@/lib/actor";
import { Forbidden, NotFresh } from "@/lib/result";

declare const proof: unique symbol;

/** Proof that `actor` may do `P` in this fabric. Only `grant` creates one. */
export type Scope<P extends Permission> = {
  readonly fabricId: string;
  readonly teamId: string;
  readonly role: Role;
  readonly actor: Actor;
  /** The only parts of the fabric that this proof covers; null means all of it. */
  readonly only: Restriction | null;
  readonly [proof]: (permission: P) => void;
};

/** Proof that `actor` may do `P` in this team. Only `grantTeam` creates one. */
export type TeamScope<P extends Permission> = {
  readonly teamId: string;
  readonly role: Role;
  readonly actor: Actor;
  readonly [proof]: (permission: P) => void;
};

/**
 * Creates the proof. Throws `Forbidden` when the policy denies the permission, and `NotFresh` when the
 * sign-in is too old.
 */
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
 * Creates the id of a new fabric, and the scopes of its creator before the fabric is stored.
 * Callers cannot pass an id, so they cannot use this to get a scope for an existing fabric.
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

/**
 * Whether the actor of a scope has `permission` at this moment, including a sign-in that is recent enough.
 */
export function mayNow(
  { actor, role }: { readonly actor: Actor; readonly role: Role },
  permission: Permission,
): boolean {
  return allows(role, permission) && (!needsFreshSignIn(permission) || isFresh(actor));
}

function judge(actor: Actor, role: Role, permission: Permission): void {
  if (!allows(role, permission)) throw new Forbidden(`A ${role} may not ${permission}.`);
  if (needsFreshSignIn(permission) && !isFresh(actor))
    throw new NotFresh(`${permission} requires a sign-in within the last ten minutes.`);
}

/** True for a person who signed in, or confirmed their identity, within the last ten minutes. */
export function isFresh(actor: Actor): boolean {
  return actor.kind === "user" && Date.now() - actor.authenticatedAt.getTime() <= freshForMs;
}
