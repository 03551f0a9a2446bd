import { randomBytes, randomUUID } from "node:crypto";
import { createToken, type World } from "@/e2e/rows";
import {
  addConnection,
  addDestination,
  addInvitation,
  addIssuer,
  addMember,
  addRequest,
  addSecret,
  restApi,
} from "@/e2e/things";
import type { Permission } from "@/lib/access/policy";

/** The things of one fabric and team that calls and pages can name. */
export type Things = { secretId: string; connectionId: string };

/** Who may see a page: everybody; whoever is signed in; or by the policy, whoever may do this in its fabric or team. */
export type PageRow =
  | { open: true; path: () => string }
  | { own: true; path: () => string }
  /** The management API: a cookie opens nothing there; who gets what by a token is in lib/server/management.test.ts. */
  | { byToken: 401 | 405; path: (id: string, things: Things) => string }
  | {
      of: "fabric" | "team";
      permission: Permission;
      path: (id: string, things: Things) => string;
      isRoute?: true;
    };

/** Every page and route of the build must have its line here. */
export const pages: Record<string, PageRow> = {
  "/page": { own: true, path: () => "/" },
  "/sign-in/page": { open: true, path: () => "/sign-in" },
  "/join/[token]/page": { open: true, path: () => `/join/${randomBytes(32).toString("base64url")}` },
  "/[...missing]/page": { open: true, path: () => "/nothing/here" },
  "/api/auth/[...nextauth]/route": { open: true, path: () => "/api/auth/session" },
  "/api/openapi.json/route": { open: true, path: () => "/api/openapi.json" },
  "/(main)/settings/page": { own: true, path: () => "/settings" },
  "/(main)/settings/access-tokens/page": { own: true, path: () => "/settings/access-tokens" },
  "/(main)/settings/api/page": { own: true, path: () => "/settings/api" },
  "/api/orchestration/[...missing]/route": { open: true, path: () => "/api/orchestration/nothing" },
  "/api/orchestration/fabric/route": byToken(""),
  "/api/orchestration/team/route": { byToken: 401, path: () => "/api/orchestration/team" },
  "/api/orchestration/team/[teamId]/member/route": {
    byToken: 401,
    path: (id) => `/api/orchestration/team/${id}/member`,
  },
  ...Object.fromEntries(
    [
      "",
      "/activity",
      "/secret",
      "/secret/id/[secretId]",
      "/secret/id/[secretId]/usage",
      "/connection",
      "/connection/name/[connectionName]",
    ].map((rest) => [`/api/orchestration/fabric/[fabricId]${rest}/route`, byToken(`/[fabricId]${rest}`)]),
  ),
  "/api/orchestration/fabric/[fabricId]/connection/check/route": byToken("/[fabricId]/connection/check", 405),
  "/api/orchestration/fabric/[fabricId]/connection/name/[connectionName]/check/route": byToken(
    "/[fabricId]/connection/name/[connectionName]/check",
    405,
  ),
  "/(main)/metadata/page": { own: true, path: () => "/metadata" },
  "/(main)/metadata/teams/page": { own: true, path: () => "/metadata/teams" },
  "/(main)/metadata/teams/[teamId]/page": {
    of: "team",
    permission: "team:see",
    path: (id) => `/metadata/teams/${id}`,
  },
  "/(main)/metadata/fabrics/[fabricId]/page": fabricPage("", "fabric:see"),
  "/(main)/metadata/fabrics/[fabricId]/activity/page": fabricPage("/activity", "activity:list"),
  "/(main)/metadata/fabrics/[fabricId]/advanced/page": fabricPage("/advanced", "token:list"),
  "/(main)/metadata/fabrics/[fabricId]/secrets/page": fabricPage("/secrets", "secret:list"),
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
  "/(main)/metadata/fabrics/[fabricId]/connections/[connectionId]/page": {
    of: "fabric",
    permission: "connection:list",
    path: (id, { connectionId }) => `/metadata/fabrics/${id}/connections/${connectionId}`,
  },
  "/api/app/fabrics/[fabricId]/secret-options/route": {
    of: "fabric",
    permission: "secret:list",
    path: (id) => `/api/app/fabrics/${id}/secret-options?subKind=text`,
    isRoute: true,
  },
  "/api/app/fabrics/[fabricId]/checks/route": {
    of: "fabric",
    permission: "connection:check",
    path: (id) => `/api/app/fabrics/${id}/checks`,
    isRoute: true,
  },
};

/** A path of the management API below /fabric, and what a GET without a token is told there. */
function byToken(rest: string, status: 401 | 405 = 401): PageRow {
  return {
    byToken: status,
    path: (id) => `/api/orchestration/fabric${rest.replace("[fabricId]", id).replace(/\[\w+\]/g, "x")}`,
  };
}

function fabricPage(tab: string, permission: Permission): PageRow {
  return { of: "fabric", permission, path: (id) => `/metadata/fabrics/${id}${tab}` };
}

/** An action: in which scope it acts, what it needs, and an input that would succeed. */
export type ActionRow = {
  of: "fabric" | "team" | "own" | "open";
  permission?: Permission;
  input: (world: World) => unknown;
  /** The input names something of the fabric: called in another fabric, it must not be found. */
  namesThing?: true;
  /** Where the policy leaves it to the action: a User may delete only what they created. */
  userGets?: string;
};

/** Every server action of the build must have its line here. */
export const actions: Record<string, ActionRow> = {
  createFabricAction: {
    of: "team",
    permission: "fabric:write",
    input: () => ({ name: `Made ${randomUUID()}`, description: "", provider: "none" }),
  },
  updateFabricAction: {
    of: "fabric",
    permission: "fabric:write",
    input: () => ({ name: `Renamed ${randomUUID()}`, description: "" }),
  },
  createSecretAction: {
    of: "fabric",
    permission: "secret:write",
    input: () => ({ subKind: "text", name: `s${randomUUID()}`, fields: { value: "matrix" } }),
  },
  replaceSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (world) => ({
      subKind: "text",
      secretId: await addSecret(world),
      expectedVersion: 1,
      fields: { value: "matrix 2" },
    }),
  },
  renameSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (world) => ({ secretId: await addSecret(world), name: `s${randomUUID()}` }),
  },
  describeSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (world) => ({ secretId: await addSecret(world), description: "described" }),
  },
  deleteSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    userGets: "forbidden",
    input: async (world) => ({ secretId: await addSecret(world) }),
  },
  dropSecretNameAction: {
    of: "fabric",
    permission: "secret:name:drop",
    namesThing: true,
    input: async (world) => {
      const name = `former${randomUUID()}`;
      return { secretId: await addSecret(world, name), name };
    },
  },
  removeDestinationAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (world) => ({ destinationId: await addDestination(world) }),
  },
  askForApprovalAction: {
    of: "fabric",
    permission: "connection:check",
    input: () => ({ kind: "restapi", name: "c", properties: restApi, reason: "" }),
  },
  decideRequestAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (world) => ({ requestId: await addRequest(world), decision: "declined" }),
  },
  setDestinationRuleAction: {
    of: "fabric",
    permission: "destination:write",
    input: () => ({ rule: "ask" }),
  },
  resetSignInsAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (world) => ({ secretId: await addSecret(world) }),
  },
  createTokenAction: {
    of: "fabric",
    permission: "token:write",
    input: () => ({ name: "matrix", lifetime: "30" }),
  },
  revokeTokenAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    input: async (world) => ({ tokenId: (await createToken(world)).id }),
  },
  setFormerVersionsAction: {
    of: "fabric",
    permission: "token:write",
    input: () => ({ formerVersions: 1 }),
  },
  createIssuerAction: {
    of: "fabric",
    permission: "token:write",
    input: () => ({
      name: "CI",
      issuer: "https://ci.test.example",
      audience: "selvage",
      subject: "repo:ours:*",
    }),
  },
  removeIssuerAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    input: async (world) => ({ issuerId: await addIssuer(world) }),
  },
  createConnectionAction: {
    of: "fabric",
    permission: "connection:write",
    input: () => ({ kind: "restapi", name: `c ${randomUUID()}`, description: "", properties: restApi }),
  },
  updateConnectionAction: {
    of: "fabric",
    permission: "connection:write",
    namesThing: true,
    input: async (world) => ({
      connectionId: await addConnection(world),
      name: `c ${randomUUID()}`,
      description: "",
      properties: restApi,
    }),
  },
  deleteConnectionAction: {
    of: "fabric",
    permission: "connection:write",
    namesThing: true,
    input: async (world) => ({ connectionId: await addConnection(world) }),
  },
  inviteAction: {
    of: "team",
    permission: "team:write",
    input: () => ({ email: `${randomUUID()}@test.example`, role: "user" }),
  },
  withdrawInvitationAction: {
    of: "team",
    permission: "team:write",
    namesThing: true,
    input: async (world) => ({ invitationId: await addInvitation(world) }),
  },
  changeRoleAction: {
    of: "team",
    permission: "team:write",
    namesThing: true,
    input: async (world) => ({ userId: await addMember(world), role: "admin" }),
  },
  removeMemberAction: {
    of: "team",
    permission: "team:write",
    namesThing: true,
    input: async (world) => ({ userId: await addMember(world) }),
  },
  leaveTeamAction: { of: "team", permission: "team:see", input: () => ({}) },
  reauthenticateAction: { of: "own", input: () => ({ password: "not mine" }) },
  createAccessTokenAction: { of: "own", input: () => ({ name: "matrix", lifetime: "30" }) },
  revokeAccessTokenAction: { of: "own", input: () => ({ accessTokenId: randomUUID() }) },
  joinTeamAction: { of: "own", input: () => ({ token: randomBytes(32).toString("base64url") }) },
  joinAsNewPersonAction: {
    of: "open",
    input: () => ({
      token: randomBytes(32).toString("base64url"),
      name: "Nobody Invited",
      password: "a password that is long",
    }),
  },
};
