/** Whom a policy line speaks of: a member of a fabric's team, a pipeline with one of its tokens, or Selvage itself. */
export type Role = "user" | "admin" | "pipeline" | "background";

const member = [
  "fabric:see",
  "secret:list",
  "secret:write",
  "connection:list",
  "connection:write",
  "connection:check",
  "activity:list",
  "token:list",
  "team:see",
] as const;

const admin = [
  "secret:delete",
  "secret:name:drop",
  "fabric:write",
  "token:write",
  "destination:write",
  "team:write",
  "alarm:acknowledge",
  "access:list",
  "access:revoke",
] as const;

/** The whole policy. Receiving a value (`secret:use`) belongs to pipelines; no role that a person holds has it. */
export const policy = {
  user: member,
  admin: [...member, ...admin],
  pipeline: ["secret:use"],
  background: ["connection:check"],
} as const satisfies Record<Role, readonly string[]>;

/** What can be permitted. */
export type Permission = (typeof policy)[Role][number];

/** Power over people, keys and places: needs a sign-in of the last ten minutes. */
export const needsFreshSignIn: ReadonlySet<Permission> = new Set<Permission>([
  "token:write",
  "destination:write",
  "team:write",
  "alarm:acknowledge",
  "access:revoke",
]);

/** How long a sign-in stays fresh. */
export const freshForMs = 10 * 60_000;

/** True when the policy gives `permission` to `role`. */
export function allows(role: Role, permission: Permission): boolean {
  return (policy[role] as readonly Permission[]).includes(permission);
}
