export type Program = "web" | "automate";
export type Right = { right: string; table: string; column?: string };

/**
 * Rights that a program's role must not have. A few from each section of prisma/grants.sql: enough to detect an
 * owner, a superuser, or the other program's role.
 */
export const forbiddenRights: Record<Program, readonly Right[]> = {
  web: [
    { right: "SELECT", table: "secret_field", column: "sealed" },
    { right: "UPDATE", table: "secret_field" },
    { right: "SELECT", table: "fabric_key", column: "wrappedPrivate" },
    { right: "INSERT", table: "fabric_key" },
    { right: "INSERT", table: "pipeline_token" },
    { right: "INSERT", table: "trusted_issuer" },
    { right: "INSERT", table: "allowed_destination" },
    { right: "UPDATE", table: "audit_event" },
    { right: "DELETE", table: "audit_event" },
    { right: "TRUNCATE", table: "audit_event" },
  ],
  automate: [
    { right: "SELECT", table: "app_user", column: "passwordHash" },
    { right: "SELECT", table: "session" },
    { right: "INSERT", table: "membership" },
    { right: "INSERT", table: "secret" },
    { right: "UPDATE", table: "audit_event" },
    { right: "DELETE", table: "audit_event" },
    { right: "TRUNCATE", table: "audit_event" },
  ],
};

/**
 * Rights that almost all requests of a program need. Only this program has the first one. Not the right to record
 * events: readiness records one.
 */
export const neededRights: Record<Program, readonly [Right, ...Right[]]> = {
  web: [
    { right: "INSERT", table: "session" },
    { right: "SELECT", table: "session" },
    { right: "SELECT", table: "app_user" },
    { right: "SELECT", table: "membership" },
    { right: "SELECT", table: "fabric" },
    { right: "SELECT", table: "secret" },
    { right: "INSERT", table: "secret" },
    { right: "INSERT", table: "secret_version" },
    { right: "INSERT", table: "secret_field" },
    { right: "SELECT", table: "connection" },
    { right: "SELECT", table: "access_token" },
    { right: "SELECT", table: "audit_event" },
  ],
  automate: [
    { right: "SELECT", table: "secret_field", column: "sealed" },
    { right: "SELECT", table: "membership" },
    { right: "SELECT", table: "secret" },
    { right: "SELECT", table: "secret_name" },
    { right: "SELECT", table: "secret_version" },
    { right: "SELECT", table: "fabric_key", column: "wrappedPrivate" },
    { right: "SELECT", table: "pipeline_token" },
    { right: "SELECT", table: "allowed_destination" },
    { right: "INSERT", table: "rate_window" },
    { right: "UPDATE", table: "rate_window" },
    { right: "INSERT", table: "used_request" },
  ],
};
