import { randomBytes } from "node:crypto";
import type { Permission } from "@/lib/access/policy";

/** The objects of one fabric and team that calls and pages can name. */
export type FabricObjects = {
  secretId: string;
  connectionId: string;
  pipelineId: string;
  memberId: string;
};

/** The audience of a page: everyone, every signed-in person, or the people with this permission in its fabric or team. */
export type PageRow =
  | { open: true; path: () => string; status: 200 | 404 }
  | {
      own: true;
      path: () => string;
      /** The answer to a signed-in person. */
      status: 200 | 307;
      /** Where a visitor is sent who is not signed in; default: to sign in, and back. */
      signedOutTo?: string;
    }
  | {
      of: "fabric" | "team";
      permission: Permission;
      path: (id: string, objects: FabricObjects) => string;
      isRoute?: true;
    };

/** Every page and route of the build must have a line here. */
export const pages: Record<string, PageRow> = {
  "/page": { own: true, path: () => "/", status: 307, signedOutTo: "/metadata" },
  "/sign-in/page": { open: true, path: () => "/sign-in", status: 200 },
  "/join/[token]/page": {
    open: true,
    path: () => `/join/${randomBytes(32).toString("base64url")}`,
    status: 200,
  },
  "/enter/page": { open: true, path: () => "/enter", status: 200 },
  "/[...missing]/page": { open: true, path: () => "/nothing/here", status: 404 },
  "/api/auth/[...nextauth]/route": { open: true, path: () => "/api/auth/session", status: 200 },
  "/api/openapi.json/route": { open: true, path: () => "/api/openapi.json", status: 200 },
  // Redirects a person with nothing to review.
  "/account-review/page": { own: true, path: () => "/account-review", status: 307 },
  "/(main)/settings/page": { own: true, path: () => "/settings", status: 307 },
  "/(main)/settings/access-tokens/page": { own: true, path: () => "/settings/access-tokens", status: 200 },
  "/(main)/settings/reminders/page": { own: true, path: () => "/settings/reminders", status: 200 },
  "/(main)/settings/activity/page": { own: true, path: () => "/settings/activity", status: 200 },
  "/(main)/settings/api/page": { own: true, path: () => "/settings/api", status: 200 },
  "/(main)/metadata/page": { own: true, path: () => "/metadata", status: 200, signedOutTo: "/sign-in" },
  "/(main)/metadata/teams/page": { own: true, path: () => "/metadata/teams", status: 200 },
  "/(main)/metadata/teams/[teamId]/page": {
    of: "team",
    permission: "team:see",
    path: (id) => `/metadata/teams/${id}`,
  },
  "/(main)/metadata/teams/[teamId]/members/[userId]/page": {
    of: "team",
    permission: "team:see",
    path: (id, { memberId }) => `/metadata/teams/${id}/members/${memberId}`,
  },
  "/(main)/metadata/fabrics/[fabricId]/pipelines/[pipelineId]/page": {
    of: "fabric",
    permission: "token:list",
    path: (id, { pipelineId }) => `/metadata/fabrics/${id}/pipelines/${pipelineId}`,
  },
  "/(main)/metadata/fabrics/[fabricId]/page": fabricPage("", "fabric:see"),
  "/(main)/metadata/fabrics/[fabricId]/activity/page": fabricPage("/activity", "activity:list"),
  "/(main)/metadata/fabrics/[fabricId]/activity/secrets/[secretId]/page": {
    of: "fabric",
    permission: "activity:list",
    path: (id, { secretId }) => `/metadata/fabrics/${id}/activity/secrets/${secretId}`,
  },
  "/(main)/metadata/fabrics/[fabricId]/advanced/page": fabricPage("/advanced", "token:list"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/entry-links/page": fabricPage(
    "/secrets/entry-links",
    "entry-link:list",
  ),
  "/(main)/metadata/fabrics/[fabricId]/trash/page": fabricPage("/trash", "trash:list"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/page": fabricPage("/secrets", "secret:list"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/compare/page": fabricPage("/secrets/compare", "secret:list"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/import/page": fabricPage("/secrets/import", "secret:write"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/[secretId]/page": {
    of: "fabric",
    permission: "secret:list",
    path: (id, { secretId }) => `/metadata/fabrics/${id}/secrets/${secretId}`,
  },
  "/(main)/metadata/fabrics/[fabricId]/connections/page": fabricPage("/connections", "connection:list"),
  "/(main)/metadata/fabrics/[fabricId]/connections/new/page": fabricPage(
    "/connections/new",
    "connection:write",
  ),
  "/(main)/metadata/fabrics/[fabricId]/connections/promote/page": fabricPage(
    "/connections/promote",
    "connection:list",
  ),
  "/(main)/metadata/fabrics/[fabricId]/connections/[connectionId]/page": {
    of: "fabric",
    permission: "connection:list",
    path: (id, { connectionId }) => `/metadata/fabrics/${id}/connections/${connectionId}`,
  },
  "/api/app/fabrics/[fabricId]/activity/route": {
    of: "fabric",
    permission: "activity:list",
    path: (id) => `/api/app/fabrics/${id}/activity?format=ndjson`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/export/route": {
    of: "fabric",
    permission: "secret:list",
    path: (id) => `/api/app/fabrics/${id}/export`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/keys/route": {
    of: "fabric",
    permission: "fabric-key:list",
    path: (id) => `/api/app/fabrics/${id}/keys`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/secret-options/route": {
    of: "fabric",
    permission: "secret:list",
    path: (id) => `/api/app/fabrics/${id}/secret-options?subKind=text`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/secrets/[secretId]/route": {
    of: "fabric",
    permission: "secret:list",
    path: (id, { secretId }) => `/api/app/fabrics/${id}/secrets/${secretId}`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/secrets/[secretId]/candidate/route": {
    of: "fabric",
    permission: "secret:list",
    path: (id, { secretId }) => `/api/app/fabrics/${id}/secrets/${secretId}/candidate`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/secrets/[secretId]/checks/route": {
    of: "fabric",
    permission: "connection:check",
    path: (id, { secretId }) => `/api/app/fabrics/${id}/secrets/${secretId}/checks`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/checks/route": {
    of: "fabric",
    permission: "connection:check",
    path: (id) => `/api/app/fabrics/${id}/checks`,
    isRoute: true,
  },
};

/**
 * Every path of the management API, with the status of a GET without a token: a cookie grants nothing.
 * web/management-api/app.test.ts covers access by token.
 */
export const managementPaths: Record<`/api/orchestration/${string}`, 401 | 405> = {
  "/api/orchestration/fabric": 401,
  "/api/orchestration/fabric/{fabricId}": 401,
  "/api/orchestration/fabric/{fabricId}/activity": 401,
  "/api/orchestration/fabric/{fabricId}/activity/export": 401,
  "/api/orchestration/fabric/{fabricId}/secret": 401,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}": 401,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/usage": 401,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/candidate": 401,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/candidate/check": 405,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/candidate/promote": 405,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/undo": 405,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/rotation": 401,
  "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/rotation/run": 405,
  "/api/orchestration/fabric/{fabricId}/comparison": 405,
  "/api/orchestration/fabric/{fabricId}/promotion": 405,
  "/api/orchestration/fabric/{fabricId}/promotion/dry-run": 405,
  "/api/orchestration/fabric/{fabricId}/export": 401,
  "/api/orchestration/fabric/{fabricId}/import": 405,
  "/api/orchestration/fabric/{fabricId}/import/dry-run": 405,
  "/api/orchestration/fabric/{fabricId}/connection": 401,
  "/api/orchestration/fabric/{fabricId}/connection/check": 405,
  "/api/orchestration/fabric/{fabricId}/connection/name/{connectionName}": 401,
  "/api/orchestration/fabric/{fabricId}/connection/name/{connectionName}/check": 405,
  "/api/orchestration/fabric/{fabricId}/trash": 401,
  "/api/orchestration/fabric/{fabricId}/trash/secret/{secretId}/restore": 405,
  "/api/orchestration/fabric/{fabricId}/trash/connection/{connectionId}/restore": 405,
  "/api/orchestration/team": 401,
  "/api/orchestration/team/{teamId}/member": 401,
};

function fabricPage(tab: string, permission: Permission): PageRow {
  return { of: "fabric", permission, path: (id) => `/metadata/fabrics/${id}${tab}` };
}
