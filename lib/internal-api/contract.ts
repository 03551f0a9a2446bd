import * as z from "zod";
import type { Permission } from "@/lib/access/policy";
import { newDestinationsByNameSchema } from "@/lib/connectors/check-protocol";
import {
  allowCandidateBody,
  askForCandidateBody,
  candidateReference,
  checkConnectionsBody,
  promoteAnswer,
  promoteBody,
  undoAnswer,
  undoBody,
} from "@/lib/internal-api/bodies/candidate";
import { copyProblems, maxCopied } from "@/lib/internal-api/bodies/copied-secrets";
import { destinationRuleSchema } from "@/lib/internal-api/bodies/destination-rule";
import { createEntryLinkBody, entryOffer, entryTokenBody } from "@/lib/internal-api/bodies/entry-link";
import { restoreFabricBody, restoreProblems } from "@/lib/internal-api/bodies/fabric-deletion";
import { setFormerVersionsInput } from "@/lib/internal-api/bodies/former-versions";
import { chooseMasterKeyInput } from "@/lib/internal-api/bodies/master-key";
import { rotationInput, rotationProblems } from "@/lib/internal-api/bodies/password-rotation";
import { confirmPipelineTokenInput, tokenLimits } from "@/lib/internal-api/bodies/pipeline-token";
import {
  confirmIssuerInput,
  createIssuerBody,
  issuerProblemKeys,
} from "@/lib/internal-api/bodies/trusted-issuer";

/** Done; or why not, and the destinations of the administrator's secret that a person has to confirm. */
const rotationAnswer = z.union([
  z.object({ secretId: z.string() }),
  z.object({ problem: z.enum(rotationProblems), destinations: z.array(z.string()).optional() }),
]);

/** A connection from a form or as saved. Automate validates its properties. */
const connection = z.object({
  kind: z.string().max(64),
  connectionName: z.string().max(128),
  properties: z.record(z.string(), z.unknown()),
});

/**
 * The requests of web to automate: purpose → path, body, answer, and the permission that the person needs in
 * the fabric.
 * Web signs each request for one purpose. Automate checks the permission before the handler runs.
 */
export const automateRequests = {
  "fabric-key:create": {
    path: "/internal/fabric-keys",
    permission: "fabric:write",
    body: z.object({ fabricId: z.uuid() }),
    answer: z.object({ kid: z.string() }),
  },
  "fabric-key:choose-master": {
    path: "/internal/fabric-keys/master",
    permission: "fabric-key:write",
    body: chooseMasterKeyInput,
    answer: z.object({ label: z.string() }),
  },
  "fabric:delete": {
    path: "/internal/fabrics/delete",
    permission: "fabric:delete",
    body: z.object({ fabricId: z.uuid() }),
    answer: z.object({ id: z.string(), destroyAt: z.iso.datetime() }),
  },
  "fabric:restore": {
    path: "/internal/fabrics/restore",
    permission: "fabric:restore",
    body: restoreFabricBody,
    answer: z.union([z.object({ id: z.string() }), z.object({ problem: z.enum(restoreProblems) })]),
  },
  // Destroys at once what a failed request to create a fabric stored.
  "fabric:discard": {
    path: "/internal/fabrics/discard",
    permission: "fabric:write",
    body: z.object({ fabricId: z.uuid() }),
    answer: z.object({ id: z.string() }),
  },
  "fabric-key:rotate": {
    path: "/internal/fabric-keys/rotate",
    permission: "fabric-key:write",
    body: z.object({}),
    answer: z.object({ kid: z.string() }),
  },
  "fabric-key:pause": {
    path: "/internal/fabric-keys/pause",
    permission: "fabric-key:write",
    body: z.object({}),
    answer: z.object({ isChanged: z.boolean() }),
  },
  "fabric-key:resume": {
    path: "/internal/fabric-keys/resume",
    permission: "fabric-key:write",
    body: z.object({}),
    answer: z.object({ isChanged: z.boolean() }),
  },
  "version:rule": {
    path: "/internal/fabrics/versions",
    permission: "version:write",
    body: setFormerVersionsInput,
    answer: setFormerVersionsInput,
  },
  "connection:check": {
    path: "/internal/checks",
    permission: "connection:check",
    body: connection.extend({
      /**
       * True when the person entered exactly these settings. Automate may then allow new destinations, if the
       * person has the right to.
       */
      isConfirmed: z.boolean(),
      /** The new destinations that a check reported and the person then confirmed. */
      shownDestinations: newDestinationsByNameSchema.max(50).optional(),
    }),
    // The answer is NDJSON of CheckEvent, see lib/connectors/check-protocol.ts.
    answer: z.never(),
  },
  "candidate:check": {
    path: "/internal/candidates/check",
    permission: "connection:check",
    body: checkConnectionsBody,
    // The answer is NDJSON of ConnectionCheckEvent, see lib/candidates/schema.ts.
    answer: z.never(),
  },
  "candidate:allow": {
    path: "/internal/candidates/allow",
    permission: "destination:write",
    body: allowCandidateBody,
    answer: z.object({ isAllowed: z.boolean() }),
  },
  "candidate:ask": {
    path: "/internal/candidates/ask",
    permission: "connection:check",
    body: askForCandidateBody,
    answer: z.object({ waiting: z.number().int() }),
  },
  "candidate:promote": {
    path: "/internal/candidates/promote",
    permission: "secret:write",
    body: promoteBody,
    answer: promoteAnswer,
  },
  "candidate:discard": {
    path: "/internal/candidates/discard",
    permission: "secret:write",
    body: candidateReference,
    /** Neither when it was closed before. Selvage is setting it at a server when `isRotating`. */
    answer: z.object({ isDiscarded: z.boolean(), isRotating: z.boolean().optional() }),
  },
  "secret:undo": {
    path: "/internal/secrets/undo",
    permission: "secret:write",
    body: undoBody,
    answer: undoAnswer,
  },
  "token:create": {
    path: "/internal/pipeline-tokens",
    permission: "token:write",
    body: z.object({
      name: z.string().min(1).max(128),
      expiresAt: z.iso.datetime().nullable(),
      limits: tokenLimits.optional(),
    }),
    answer: z.object({ id: z.string(), token: z.string() }),
  },
  "token:revoke": {
    path: "/internal/pipeline-tokens/revoke",
    permission: "token:write",
    body: z.object({ tokenId: z.string() }),
    answer: z.object({ id: z.string() }),
  },
  "token:confirm": {
    path: "/internal/pipeline-tokens/confirm",
    permission: "token:write",
    body: confirmPipelineTokenInput,
    answer: z.object({ id: z.string() }),
  },
  "token:owner": {
    path: "/internal/pipeline-tokens/owner",
    permission: "token:write",
    /** The member who takes care of it; null for the Admins. */
    body: z.object({ tokenId: z.string(), ownerId: z.string().max(64).nullable() }),
    answer: z.object({ id: z.string() }),
  },
  "issuer:create": {
    path: "/internal/issuers",
    permission: "token:write",
    body: createIssuerBody,
    answer: z.union([z.object({ id: z.string() }), z.object({ problem: z.enum(issuerProblemKeys) })]),
  },
  "issuer:confirm": {
    path: "/internal/issuers/confirm",
    permission: "token:write",
    body: confirmIssuerInput,
    answer: z.object({ id: z.string() }),
  },
  "issuer:delete": {
    path: "/internal/issuers/delete",
    permission: "token:write",
    body: z.object({ issuerId: z.string() }),
    answer: z.object({ id: z.string() }),
  },
  // Copies the current values of secrets of another fabric into this one. Needs the permission in both.
  "secret:copy": {
    path: "/internal/secrets/copy",
    permission: "secret:copy",
    body: z.object({
      fromFabricId: z.uuid(),
      secrets: z
        .array(z.object({ secretId: z.string().max(64), name: z.string().min(1).max(128) }))
        .min(1)
        .max(maxCopied),
    }),
    answer: z.union([
      z.object({ copies: z.array(z.object({ secretId: z.string(), copyId: z.string() })) }),
      z.object({ problem: z.enum(copyProblems), name: z.string() }),
    ]),
  },
  "trash:purge": {
    path: "/internal/trash/purge",
    permission: "trash:purge",
    body: z.object({ type: z.enum(["secret", "connection"]), id: z.string().max(64) }),
    answer: z.union([z.object({ id: z.string() }), z.object({ usedBy: z.array(z.string()) })]),
  },
  "entry-link:create": {
    path: "/internal/entry-links",
    permission: "entry-link:write",
    body: createEntryLinkBody,
    answer: z.union([
      z.object({ id: z.string(), token: z.string() }),
      z.object({ problem: z.enum(["locked", "unknown_destination"]) }),
    ]),
  },
  "entry-link:revoke": {
    path: "/internal/entry-links/revoke",
    permission: "entry-link:write",
    body: z.object({ linkId: z.string() }),
    answer: z.object({ id: z.string() }),
  },
  // Without a person: the token is the proof.
  "entry-link:show": {
    path: "/internal/entry-links/show",
    permission: "entry-link:use",
    body: entryTokenBody,
    answer: entryOffer,
  },
  "entry-link:settle": {
    path: "/internal/entry-links/settle",
    permission: "entry-link:use",
    body: entryTokenBody,
    answer: z.object({ allowed: z.number().int() }),
  },
  "destination:settle": {
    path: "/internal/destinations/settle",
    permission: "secret:write",
    body: z.object({ secretId: z.string() }),
    answer: z.object({ allowed: z.number().int() }),
  },
  "destination:allow": {
    path: "/internal/destinations/allow",
    permission: "connection:check",
    body: z.object({
      /** The stored connection that names them. An access token may allow those of one connection only. */
      connectionId: z.string().max(64).optional(),
      /** The secrets, each with its destinations to allow. */
      secrets: z
        .array(
          z.object({
            field: z.string().max(64),
            secretId: z.string().max(64),
            version: z.number().int(),
            destinations: z.array(z.string().max(1024)).min(1).max(20),
          }),
        )
        .min(1)
        .max(50),
      /** True when the person saw exactly these destinations, not only settings that lead to them. */
      isShown: z.boolean().optional(),
    }),
    answer: z.object({ isAllowed: z.boolean() }),
  },
  "destination:keep": {
    path: "/internal/destinations/keep",
    permission: "destination:write",
    body: z.object({ destinationId: z.string() }),
    answer: z.object({ id: z.string() }),
  },
  "destination:remove": {
    path: "/internal/destinations/remove",
    permission: "destination:write",
    body: z.object({ destinationId: z.string() }),
    answer: z.object({ id: z.string() }),
  },
  "destination:ask": {
    path: "/internal/destinations/ask",
    permission: "connection:check",
    body: connection.extend({ reason: z.string().max(280) }),
    answer: z.object({ waiting: z.number().int() }),
  },
  "destination:decide": {
    path: "/internal/destinations/decide",
    permission: "destination:write",
    body: z.object({ requestId: z.string(), decision: z.enum(["allowed", "declined"]) }),
    answer: z.object({ id: z.string() }),
  },
  "destination:rule": {
    path: "/internal/destinations/rule",
    permission: "destination:write",
    body: z.object({ rule: destinationRuleSchema }),
    answer: z.object({ rule: destinationRuleSchema }),
  },
  "rotation:set": {
    path: "/internal/rotations/set",
    permission: "rotation:write",
    body: rotationInput,
    answer: rotationAnswer,
  },
  "rotation:remove": {
    path: "/internal/rotations/remove",
    permission: "rotation:run",
    body: z.object({ secretId: z.string().max(64) }),
    answer: rotationAnswer,
  },
  "rotation:start": {
    path: "/internal/rotations/start",
    permission: "rotation:run",
    body: z.object({ secretId: z.string().max(64) }),
    answer: rotationAnswer,
  },
  "credential-attempt:reset": {
    path: "/internal/credential-attempts/reset",
    permission: "credential-attempt:reset",
    body: z.object({ secretId: z.string() }),
    answer: z.object({ endpoints: z.array(z.string()) }),
  },
} as const satisfies Record<
  string,
  { path: string; permission: Permission; body: z.ZodType; answer: z.ZodType }
>;

export type AutomatePurpose = keyof typeof automateRequests;
/** The permission that a purpose requires. */
export type AutomatePermission<P extends AutomatePurpose> = (typeof automateRequests)[P]["permission"];
export type AutomateBody<P extends AutomatePurpose> = z.infer<(typeof automateRequests)[P]["body"]>;
export type AutomateAnswer<P extends AutomatePurpose> = z.infer<(typeof automateRequests)[P]["answer"]>;

/** The codes of a fabric whose master key is not usable now, by the state of the key. Automate did nothing. */
export const keyFaultCodes = {
  unavailable: "key_service_unavailable",
  disabled: "key_disabled",
  denied: "key_denied",
  missing: "key_missing",
} as const;

/** The body of every error that automate returns. */
export const automateError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
