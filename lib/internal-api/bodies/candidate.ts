import * as z from "zod";

/** The number of a candidate, as the database can store it. */
export const candidateNumber = z.int32().positive();

/** Names a candidate of a secret. */
export const candidateReference = z.object({
  secretId: z.string().max(64),
  candidate: candidateNumber,
});

/** The most connections that one request checks. */
const maxChecked = 1000;
const connectionIds = z.array(z.string().max(64)).max(maxChecked);

/**
 * Checks the connections of a secret with a candidate, with the value that an undo would bring back, or with the current
 * value if that is null. Without `connectionIds`: those that were not checked yet, or all.
 */
export const checkConnectionsBody = z.object({
  secretId: z.string().max(64),
  candidate: z.union([candidateNumber, z.literal("former")]).nullable(),
  connectionIds: connectionIds.optional(),
});

/** Allows the destinations of one connection for a candidate, as the person was shown them. */
export const allowCandidateBody = candidateReference.extend({
  connectionId: z.string().max(64),
  destinations: z.array(z.string().max(1024)).min(1).max(20),
});

/** Asks the Admins to allow the destinations of one connection for a candidate. */
export const askForCandidateBody = candidateReference.extend({
  connectionId: z.string().max(64),
  reason: z.string().max(280),
});

/** `accepted` are the connections that did not pass, and that the person was shown and accepted. */
export const promoteBody = candidateReference.extend({ accepted: connectionIds });

/** The version that is current now. Last in a union: problems may name a version, too. */
const promoted = z.object({ version: z.number().int() });

/** Why a candidate is not promoted. */
export const promoteProblem = z.discriminatedUnion("problem", [
  /** It was promoted or discarded by somebody, or has expired. `by` is empty for the latter. */
  z.object({ problem: z.enum(["promoted", "discarded", "expired"]), by: z.string() }),
  /** Somebody replaced the value in another way. */
  z.object({ problem: z.literal("outdated"), by: z.string(), version: z.number().int() }),
  /** Connections that did not pass, and that the person did not accept. */
  z.object({
    problem: z.literal("unaccepted"),
    connections: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
]);
export type PromoteProblem = z.infer<typeof promoteProblem>;
export const promoteAnswer = z.union([promoteProblem, promoted]);

export const undoBody = z.object({ secretId: z.string().max(64), expectedVersion: z.number().int() });

/** Why a former value is not brought back. */
export const undoProblem = z.discriminatedUnion("problem", [
  z.object({ problem: z.literal("changed"), by: z.string(), version: z.number().int() }),
  /** The fabric no longer keeps the former value. */
  z.object({ problem: z.literal("too_late") }),
]);
export type UndoProblem = z.infer<typeof undoProblem>;
export const undoAnswer = z.union([undoProblem, promoted]);
