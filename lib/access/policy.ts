/**
 * A member's role in a team, a pipeline with one of its tokens, Selvage's own background work, or somebody with an
 * entry link.
 */
export type Role = "user" | "admin" | "pipeline" | "background" | "link";

/** One line of the policy: the roles that have the permission, and its further requirements. */
type Rule = {
  readonly roles: readonly Role[];
  /**
   * Requires a sign-in within the last ten minutes. Access tokens never satisfy this, except where the rule says
   * "by person": then it is required of a person at a screen, and an access token needs none.
   */
  readonly freshSignIn?: true | "by person";
  /** Is about a deleted fabric, and only about one. All other permissions end with the deletion. */
  readonly isOfDeleted?: true;
};

const members = ["user", "admin"] as const;
const admins = ["admin"] as const;

/**
 * The whole policy: the permissions of each role in a fabric or a team. A permission that ends in `:own`
 * covers only the person's own creations; the code that uses it compares the creator.
 * Only pipelines receive secret values; no role of a person has `secret:use`.
 */
export const policy = {
  "fabric:see": { roles: members },
  "fabric:write": { roles: admins },
  "fabric:delete": { roles: admins, freshSignIn: "by person" },
  "fabric:restore": { roles: admins, freshSignIn: true, isOfDeleted: true },
  "secret:list": { roles: members },
  // New values, too: entered beside the current one, checked, made current or discarded; and going back to a former one.
  "secret:write": { roles: members },
  "secret:delete:own": { roles: members },
  "secret:delete": { roles: admins },
  // A User restores what they created and deleted themselves, an Admin any secret.
  "secret:restore:own": { roles: members },
  "secret:restore": { roles: admins },
  "secret:name:drop": { roles: admins },
  // Copies a value into another fabric. Needed in both.
  "secret:copy": { roles: admins, freshSignIn: true },
  "secret:use": { roles: ["pipeline"] },
  // Links by which somebody outside enters a value. Only such a link itself has "entry-link:use".
  "entry-link:list": { roles: members },
  "entry-link:write": { roles: members, freshSignIn: true },
  "entry-link:use": { roles: ["link"] },
  "connection:list": { roles: members },
  "connection:write": { roles: members },
  "connection:check": { roles: [...members, "background"] },
  "trash:list": { roles: members },
  "trash:purge": { roles: admins, freshSignIn: true },
  "activity:list": { roles: members },
  // Puts off reminders about an expiry or a failure, with a reason on record.
  "reminder:snooze": { roles: members },
  // Sets how many former versions of a secret pipelines may request.
  "version:write": { roles: admins, freshSignIn: true },
  // A fabric's keys; their rotation, and the choice of their master key.
  "fabric-key:list": { roles: admins },
  "fabric-key:write": { roles: admins, freshSignIn: true },
  "token:list": { roles: members },
  "token:write": { roles: admins, freshSignIn: true },
  "destination:write": { roles: admins, freshSignIn: true },
  // Sets up how Selvage sets new passwords at a server: which, where, by whom and how often.
  "rotation:write": { roles: admins, freshSignIn: true },
  // Starts a rotation that an Admin set up, or ends it.
  "rotation:run": { roles: admins, freshSignIn: "by person" },
  "credential-attempt:reset": { roles: admins, freshSignIn: true },
  "alarm:acknowledge": { roles: admins, freshSignIn: true },
  "team:see": { roles: members },
  "team:write": { roles: admins, freshSignIn: true },
  "access:list": { roles: admins },
  "access:revoke": { roles: admins, freshSignIn: true },
} as const satisfies Record<string, Rule>;

/** The name of a permission. */
export type Permission = keyof typeof policy;

/** How long a sign-in stays fresh, in milliseconds. */
export const freshForMs = 10 * 60_000;

/**
 * True when the policy grants `permission` to `role`. Screens use it to offer a control, without regard to the
 * sign-in's age: the action itself requires a recent one.
 */
export function allows(role: Role, permission: Permission): boolean {
  return (policy[permission].roles as readonly Role[]).includes(role);
}

/** True when `permission` requires a sign-in within the last ten minutes. */
export function needsFreshSignIn(permission: Permission): boolean {
  return "freshSignIn" in policy[permission];
}

/** True when `permission` requires a recent sign-in of people, and none of an access token. */
export function exemptsAccessTokens(permission: Permission): boolean {
  const rule: Rule = policy[permission];
  return rule.freshSignIn === "by person";
}

/** True when `permission` is about a deleted fabric. */
export function isOfDeleted(permission: Permission): boolean {
  return "isOfDeleted" in policy[permission];
}
