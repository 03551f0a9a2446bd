import { randomBytes, randomUUID } from "node:crypto";
import type { Permission } from "@/lib/access/policy";
import {
  addAccessToken,
  addAlarm,
  addClient,
  addConnection,
  addDestination,
  addInvitation,
  addIssuer,
  addMember,
  addRequest,
  addSecret,
  givenKeys,
  restApi,
} from "@/testing/factories";
import { createToken, type World } from "@/testing/tenant";

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
    permission: "secret:delete:own",
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
  keepDestinationAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (world) => ({ destinationId: await addDestination(world) }),
  },
  allowTokenServerAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (world) => ({ secretId: await addClient(world), version: 1 }),
  },
  acknowledgeAlarmAction: {
    of: "fabric",
    permission: "alarm:acknowledge",
    namesThing: true,
    input: async (world) => ({ secretId: await addAlarm(world) }),
  },
  resetSignInsAction: {
    of: "fabric",
    permission: "credential-attempt:reset",
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
  confirmTokenAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    input: async (world) => {
      const connectionId = await addConnection(world);
      const limits = { secretIds: [], connectionIds: [connectionId], cidrs: [] };
      const { id } = await createToken(world, { limits });
      return { tokenId: id, connections: [{ connectionId, secretIds: [] }] };
    },
  },
  setFormerVersionsAction: {
    of: "fabric",
    permission: "version:write",
    input: () => ({ formerVersions: 1 }),
  },
  createIssuerAction: {
    of: "fabric",
    permission: "token:write",
    input: ({ fabric }) => ({
      name: "CI",
      issuer: "https://ci.test.example",
      audience: `selvage:${fabric.id}`,
      subject: "repo:ours:*",
      keys: JSON.stringify(givenKeys),
    }),
  },
  confirmIssuerAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    input: async (world) => {
      const connectionId = await addConnection(world);
      const issuerId = await addIssuer(world, [connectionId]);
      return { issuerId, connections: [{ connectionId, secretIds: [] }] };
    },
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
  decideReviewAction: {
    of: "own",
    input: () => ({ keepPassword: false, teamIds: [], identityIds: [], sessionIds: [], accessTokenIds: [] }),
  },
  revokeMemberAccessTokenAction: {
    of: "team",
    permission: "access:revoke",
    namesThing: true,
    input: async (world) => ({ accessTokenId: await addAccessToken(world) }),
  },
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
