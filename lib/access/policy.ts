/** A member's role in a team, a pipeline with one of its tokens, or Selvage's own background work. */
export type Role = "user" | "admin" | "pipeline" | "background";

/** One line of the policy: the roles that have the permission, and what it requires in addition. */
type Rule = {
  readonly roles: readonly Role[];
  /** Requires a sign-in of the last ten minutes. An access token is never that fresh, so it never has the permission. */
  readonly isFresh?: true;
};

const members = ["user", "admin"] as const;
const admins = ["admin"] as const;

/**
 * The whole policy: who may do what in a fabric or a team. A permission that ends in `:own` is for what the person created.
 * Only pipelines receive a value; no role of a person has `secret:use`.
 */
export const policy = {
  "fabric:see": { roles: members },
  "fabric:write": { roles: admins },
  "secret:list": { roles: members },
  "secret:write": { roles: members },
  "secret:delete:own": { roles: members },
  "secret:delete": { roles: admins },
  "secret:name:drop": { roles: admins },
  "secret:use": { roles: ["pipeline"] },
  "connection:list": { roles: members },
  "connection:write": { roles: members },
  "connection:check": { roles: [...members, "background"] },
  "activity:list": { roles: members },
  "version:write": { roles: admins, isFresh: true },
  "token:list": { roles: members },
  "token:write": { roles: admins, isFresh: true },
  "destination:write": { roles: admins, isFresh: true },
  "credential-attempt:reset": { roles: admins, isFresh: true },
  "alarm:acknowledge": { roles: admins, isFresh: true },
  "team:see": { roles: members },
  "team:write": { roles: admins, isFresh: true },
  "access:list": { roles: admins },
  "access:revoke": { roles: admins, isFresh: true },
} as const satisfies Record<string, Rule>;

/** What can be permitted. */
export type Permission = keyof typeof policy;

export const permissions = Object.keys(policy) as readonly Permission[];

/** How long a sign-in stays fresh. */
export const freshForMs = 10 * 60_000;

/** True when the policy gives `permission` to `role`. */
export function allows(role: Role, permission: Permission): boolean {
  return (policy[permission].roles as readonly Role[]).includes(role);
}

/** True when `permission` requires a sign-in of the last ten minutes. */
export function needsFreshSignIn(permission: Permission): boolean {
  return "isFresh" in policy[permission];
}

/** Whether a screen offers what `permission` is for, by the role of its scope; a sign-in that is too old is renewed by the act itself. */
export function may({ role }: { readonly role: Role }, permission: Permission): boolean {
  return allows(role, permission);
}
