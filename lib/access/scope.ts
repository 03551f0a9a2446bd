import { v7 as uuidv7 } from "uuid";
import {
  allows,
  exemptsAccessTokens,
  freshForMs,
  isOfDeleted,
  needsFreshSignIn,
  type Permission,
  type Role,
} from "@/lib/access/policy";
import type { Restriction } from "@/lib/access/restriction";
import type { Actor } from "@/lib/actor";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";

declare const proof: unique symbol;

/** Proof that `actor` may do `P` in this fabric. Only `grant` creates one. */
export type Scope<P extends Permission> = {
  readonly fabricId: string;
  readonly teamId: string;
  /** The fabric's. What was bought or cached for an earlier epoch must not be handed out. */
  readonly accessEpoch: number;
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

/** The state of a fabric that decides about every scope in it: the code that grants one must have read it. */
export type GrantedFabric = {
  readonly id: string;
  readonly teamId: string;
  readonly accessEpoch: number;
  readonly isDeleted: boolean;
};

/**
 * Creates the proof. Throws `NotFound` for a deleted fabric, `Forbidden` when the policy denies the permission,
 * and `NotFresh` when the sign-in is too old.
 * This is the one place that puts a deleted fabric out of reach, for each program and each kind of actor.
 */
export function grant<P extends Permission>(
  actor: Actor,
  role: Role,
  { id: fabricId, teamId, accessEpoch, isDeleted }: GrantedFabric,
  permission: P,
  only: Restriction | null = null,
): Scope<P> {
  if (isDeleted !== isOfDeleted(permission)) throw new NotFound("Fabric not found.");
  judge(actor, role, permission);
  return { fabricId, teamId, accessEpoch, role, actor, only } as Scope<P>;
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
  const fabric = { id: uuidv7(), teamId: team.teamId, accessEpoch: 0, isDeleted: false };
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
  return allows(role, permission) && isFreshEnough(actor, permission);
}

function judge(actor: Actor, role: Role, permission: Permission): void {
  if (!allows(role, permission)) throw new Forbidden(`A ${role} may not ${permission}.`);
  if (!isFreshEnough(actor, permission))
    throw new NotFresh(`${permission} requires a sign-in within the last ten minutes.`);
}

function isFreshEnough(actor: Actor, permission: Permission): boolean {
  if (!needsFreshSignIn(permission) || isFresh(actor)) return true;
  return exemptsAccessTokens(permission) && actor.kind === "user" && actor.accessToken !== undefined;
}

/** True for a person who signed in, or confirmed their identity, within the last ten minutes. */
export function isFresh(actor: Actor): boolean {
  return actor.kind === "user" && Date.now() - actor.authenticatedAt.getTime() <= freshForMs;
}
