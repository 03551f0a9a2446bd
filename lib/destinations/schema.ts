import * as z from "zod";
import { connectionInput } from "@/lib/connectors/connection-input";
import type { Referenced } from "@/lib/connectors/secret-destinations";
import { destinationRuleSchema } from "@/lib/internal-api/bodies/destination-rule";

export const setRuleInput = z.object({ rule: destinationRuleSchema });

/** Why a person asks for approval. May be empty. */
export const approvalReason = z
  .string()
  .trim()
  .max(280, "Reason is longer than 280 characters.")
  .regex(/^[^\0]*$/, "Reason contains a character that cannot be stored.");

export const askForApprovalInput = connectionInput.extend({ reason: approvalReason });
export type AskForApprovalInput = z.infer<typeof askForApprovalInput>;

export const decideRequestInput = z.object({
  requestId: z.string().max(64),
  decision: z.enum(["allowed", "declined"]),
});
export type DecideRequestInput = z.infer<typeof decideRequestInput>;

/** A request that waits for an Admin to decide whether a secret may be sent somewhere new. */
export type WaitingRequest = {
  id: string;
  secret: { id: string; name: string };
  /** True for a new value that is not current yet. */
  isCandidate: boolean;
  /**
   * The person who entered the value. Any User can rename a secret to mislead the Admin, so its name alone proves
   * nothing.
   */
  enteredBy: string[];
  formerNames: string[];
  destinations: string[];
  /**
   * The CA certificates that the destinations trust, by `<id>.<version>`: each one's name and who entered it.
   */
  authorities: Record<string, string>;
  connectionName: string;
  reason: string;
  askedAt: Date;
  askedByName: string;
};

/** The oldest requests of a fabric or a secret, and how many exist in total. */
export type WaitingRequests = { requests: WaitingRequest[]; total: number };

export const destinationIdInput = z.object({ destinationId: z.string().max(64) });

export const allowTokenServerInput = z.object({ secretId: z.string().max(64), version: z.number().int() });

/**
 * Destinations that an upgrade allowed and an Admin must review. `connections` lists the names of connections
 * that used one, or is empty.
 */
export type ToReview = {
  total: number;
  destinations: {
    id: string;
    destination: string;
    connections: string;
    createdAt: Date;
    secret: { id: string; name: string };
  }[];
};

/** Why pipelines wait: secrets that may not be sent to their connection's destinations, and since when. */
export type NotAllowed = { since: Date; sent: { secret: string; destinations: string[] }[] };

/** A secret as destination rules see it: its current version, with name and time for people. */
export type CurrentReference = Referenced & { name: string; enteredAt: Date };
