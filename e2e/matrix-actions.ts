import { randomBytes, randomUUID } from "node:crypto";
import type { Permission } from "@/lib/access/policy";
import {
  addAccessToken,
  addAlarm,
  addCandidate,
  addClient,
  addConnection,
  addDestination,
  addEntryLink,
  addInvitation,
  addIssuer,
  addMember,
  addRequest,
  addRotation,
  addSecret,
  addTrashedConnection,
  addTrashedSecret,
  addUsedCandidate,
  givenKeys,
  markDeleted,
  restApi,
} from "@/testing/factories";
import { createToken, type Tenant } from "@/testing/tenant";

/** A server action: its scope, its permission, and an input that would succeed. */
export type ActionRow = {
  of: "fabric" | "team" | "own" | "open";
  permission?: Permission;
  input: (tenant: Tenant) => unknown;
  /** The input names an object of the fabric: a call in another fabric must not find it. */
  namesThing?: true;
  /** The code if automate looks for the object. Default: `not_found`. */
  elsewhere?: "refused";
  /** Results other than the policy's: `ok` for a caller whom it allows, `forbidden` for others. */
  gets?: { nobody?: string; user?: string; admin?: string };
};

function unknownEntryToken(): string {
  return `sve_${randomUUID()}.${randomBytes(32).toString("base64url")}`;
}

/** Every server action of the build must have a line here. */
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
  deleteFabricAction: { of: "fabric", permission: "fabric:delete", input: () => ({}) },
  restoreFabricAction: {
    of: "fabric",
    permission: "fabric:restore",
    input: async (tenant) => {
      await markDeleted(tenant);
      return {};
    },
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
    input: async (tenant) => ({
      subKind: "text",
      secretId: await addSecret(tenant),
      expectedVersion: 1,
      fields: { value: "matrix 2" },
    }),
  },
  createCandidateAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({
      subKind: "text",
      secretId: await addSecret(tenant),
      expectedVersion: 1,
      fields: { value: "matrix 2" },
    }),
  },
  promoteCandidateAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ ...(await addCandidate(tenant)), accepted: [] }),
  },
  discardCandidateAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: addCandidate,
  },
  undoReplacementAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addSecret(tenant), expectedVersion: 1 }),
  },
  allowForCandidateAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (tenant) => ({
      ...(await addCandidate(tenant)),
      connectionId: await addConnection(tenant),
      destinations: ["https://api.test.example:443"],
    }),
    gets: { admin: "not_found" },
  },
  askForCandidateAction: {
    of: "fabric",
    permission: "connection:check",
    namesThing: true,
    input: async (tenant) => ({ ...(await addUsedCandidate(tenant)), reason: "" }),
  },
  renameSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addSecret(tenant), name: `s${randomUUID()}` }),
  },
  describeSecretAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addSecret(tenant), description: "described" }),
  },
  setSecretExpiryAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addSecret(tenant), expiresAt: "2030-01-01" }),
  },
  setSecretOwnerAction: {
    of: "fabric",
    permission: "secret:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addSecret(tenant), ownerId: tenant.user.id }),
  },
  snoozeAction: {
    of: "fabric",
    permission: "reminder:snooze",
    namesThing: true,
    input: async (tenant) => ({
      ...{ topic: "secret.expires", objectId: await addSecret(tenant), days: 7, reason: "matrix" },
    }),
  },
  endSnoozeAction: {
    of: "fabric",
    permission: "reminder:snooze",
    namesThing: true,
    input: async (tenant) => ({ topic: "secret.expires", objectId: await addSecret(tenant) }),
  },
  deleteSecretAction: {
    of: "fabric",
    permission: "secret:delete:own",
    namesThing: true,
    // A User may delete only what they created.
    gets: { user: "forbidden" },
    input: async (tenant) => ({ secretId: await addSecret(tenant) }),
  },
  restoreSecretAction: {
    of: "fabric",
    permission: "secret:restore:own",
    namesThing: true,
    // A User may restore only what they created and deleted.
    gets: { user: "forbidden" },
    input: async (tenant) => ({ secretId: await addTrashedSecret(tenant) }),
  },
  purgeFromTrashAction: {
    of: "fabric",
    permission: "trash:purge",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ type: "secret", id: await addTrashedSecret(tenant) }),
  },
  restoreConnectionAction: {
    of: "fabric",
    permission: "connection:write",
    namesThing: true,
    input: async (tenant) => ({ connectionId: await addTrashedConnection(tenant) }),
  },
  dropSecretNameAction: {
    of: "fabric",
    permission: "secret:name:drop",
    namesThing: true,
    input: async (tenant) => {
      const name = `former${randomUUID()}`;
      return { secretId: await addSecret(tenant, name), name };
    },
  },
  dryRunImportAction: {
    of: "fabric",
    permission: "secret:write",
    input: () => ({ secrets: [{ name: "s", subKind: "text" }] }),
  },
  importAction: {
    of: "fabric",
    permission: "secret:write",
    input: () => ({ secrets: [{ subKind: "text", name: `s${randomUUID()}`, fields: { value: "matrix" } }] }),
  },
  compareFabricsAction: { of: "fabric", permission: "secret:list", input: () => ({ names: ["s"] }) },
  planPromotionAction: {
    of: "fabric",
    permission: "connection:list",
    namesThing: true,
    input: async (tenant) => ({
      toFabricId: tenant.fabric.id,
      connectionIds: [await addConnection(tenant)],
    }),
  },
  promoteAction: {
    of: "fabric",
    permission: "connection:write",
    namesThing: true,
    input: async (tenant) => ({
      fromFabricId: tenant.fabric.id,
      connections: [{ id: await addConnection(tenant), name: `c ${randomUUID()}` }],
      secrets: [],
    }),
  },
  removeDestinationAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ destinationId: await addDestination(tenant) }),
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
    elsewhere: "refused",
    input: async (tenant) => ({ requestId: await addRequest(tenant), decision: "declined" }),
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
    elsewhere: "refused",
    input: async (tenant) => ({ destinationId: await addDestination(tenant) }),
  },
  allowTokenServerAction: {
    of: "fabric",
    permission: "destination:write",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addClient(tenant), version: 1 }),
  },
  acknowledgeAlarmAction: {
    of: "fabric",
    permission: "alarm:acknowledge",
    namesThing: true,
    input: async (tenant) => ({ secretId: await addAlarm(tenant) }),
  },
  resetAttemptsAction: {
    of: "fabric",
    permission: "credential-attempt:reset",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ secretId: await addSecret(tenant) }),
  },
  setPasswordRotationAction: {
    of: "fabric",
    permission: "rotation:write",
    namesThing: true,
    input: addRotation,
  },
  removePasswordRotationAction: {
    of: "fabric",
    permission: "rotation:run",
    namesThing: true,
    input: async (tenant) => ({ secretId: (await addRotation(tenant)).secretId }),
  },
  rotatePasswordAction: {
    of: "fabric",
    permission: "rotation:run",
    namesThing: true,
    input: async (tenant) => ({ secretId: (await addRotation(tenant)).secretId }),
  },
  createPipelineTokenAction: {
    of: "fabric",
    permission: "token:write",
    input: () => ({ name: "matrix", lifetime: "30" }),
  },
  setTokenOwnerAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ tokenId: (await createToken(tenant)).id, ownerId: tenant.user.id }),
  },
  revokePipelineTokenAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ tokenId: (await createToken(tenant)).id }),
  },
  confirmPipelineTokenAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => {
      const connectionId = await addConnection(tenant);
      const limits = { secretIds: [], connectionIds: [connectionId], cidrs: [] };
      const { id } = await createToken(tenant, { limits });
      return { tokenId: id, connections: [{ connectionId, secretIds: [] }] };
    },
  },
  // The primary master key, which it already has.
  chooseMasterKeyAction: {
    of: "fabric",
    permission: "fabric-key:write",
    input: () => ({ fingerprint: null }),
  },
  rotateFabricKeyAction: { of: "fabric", permission: "fabric-key:write", input: () => ({}) },
  pauseRotationAction: { of: "fabric", permission: "fabric-key:write", input: () => ({}) },
  resumeRotationAction: { of: "fabric", permission: "fabric-key:write", input: () => ({}) },
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
    elsewhere: "refused",
    input: async (tenant) => {
      const connectionId = await addConnection(tenant);
      const issuerId = await addIssuer(tenant, [connectionId]);
      return { issuerId, connections: [{ connectionId, secretIds: [] }] };
    },
  },
  removeIssuerAction: {
    of: "fabric",
    permission: "token:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ issuerId: await addIssuer(tenant) }),
  },
  createEntryLinkAction: {
    of: "fabric",
    permission: "entry-link:write",
    input: () => ({ name: "Vendor", lifetime: "24", secretName: `s${randomUUID()}`, subKind: "text" }),
  },
  revokeEntryLinkAction: {
    of: "fabric",
    permission: "entry-link:write",
    namesThing: true,
    elsewhere: "refused",
    input: async (tenant) => ({ linkId: (await addEntryLink(tenant)).linkId }),
  },
  // The token of a link is the proof. Nobody has this one.
  showEntryAction: {
    of: "open",
    gets: { nobody: "not_valid" },
    input: () => ({ token: unknownEntryToken() }),
  },
  enterValueAction: {
    of: "open",
    gets: { nobody: "not_valid" },
    input: () => ({ token: unknownEntryToken(), subKind: "text", fields: { value: "matrix" } }),
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
    input: async (tenant) => ({
      connectionId: await addConnection(tenant),
      name: `c ${randomUUID()}`,
      description: "",
      properties: restApi,
    }),
  },
  deleteConnectionAction: {
    of: "fabric",
    permission: "connection:write",
    namesThing: true,
    input: async (tenant) => ({ connectionId: await addConnection(tenant) }),
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
    input: async (tenant) => ({ invitationId: await addInvitation(tenant) }),
  },
  changeRoleAction: {
    of: "team",
    permission: "team:write",
    namesThing: true,
    input: async (tenant) => ({ userId: await addMember(tenant), role: "admin" }),
  },
  removeMemberAction: {
    of: "team",
    permission: "team:write",
    namesThing: true,
    input: async (tenant) => ({ userId: await addMember(tenant) }),
  },
  leaveTeamAction: { of: "team", permission: "team:see", gets: { admin: "last_admin" }, input: () => ({}) },
  reauthenticateAction: { of: "own", input: () => ({ password: "not mine" }) },
  createAccessTokenAction: { of: "own", input: () => ({ name: "matrix", lifetime: "30" }) },
  revokeAccessTokenAction: { of: "own", input: () => ({ accessTokenId: randomUUID() }) },
  requestAddressCodeAction: { of: "own", input: () => ({}) },
  confirmAddressAction: { of: "own", input: () => ({ code: "00000000" }) },
  decideReviewAction: {
    of: "own",
    input: () => ({ keepPassword: false, teamIds: [], identityIds: [], sessionIds: [], accessTokenIds: [] }),
  },
  revokeMemberAccessTokenAction: {
    of: "team",
    permission: "access:revoke",
    namesThing: true,
    input: async (tenant) => ({ accessTokenId: await addAccessToken(tenant) }),
  },
  joinTeamAction: { of: "own", input: () => ({ token: randomBytes(32).toString("base64url") }) },
  joinAsNewPersonAction: {
    of: "open",
    gets: { nobody: "no_invitation" },
    input: () => ({
      token: randomBytes(32).toString("base64url"),
      name: "Nobody Invited",
      password: "a password that is long",
    }),
  },
};
