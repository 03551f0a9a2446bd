import { z } from "zod";
import { connectionInput } from "@/lib/connectors/connection-input";
import type { Referenced } from "@/lib/connectors/joined";
import { destinationRuleSchema } from "@/lib/internal-api/bodies/destination-rule";

export const setRuleInput = z.object({ rule: destinationRuleSchema });

export const askForApprovalInput = connectionInput.extend({
  reason: z
    .string()
    .trim()
    .max(280, "Reason is longer than 280 characters.")
    .regex(/^[^\0]*$/, "Reason holds a character that cannot be stored."),
});
export type AskForApprovalInput = z.infer<typeof askForApprovalInput>;

export const decideRequestInput = z.object({
  requestId: z.string().max(64),
  decision: z.enum(["allowed", "declined"]),
});
export type DecideRequestInput = z.infer<typeof decideRequestInput>;

/** Somebody waits for an Admin to say whether a secret may be sent somewhere new. */
export type WaitingRequest = {
  id: string;
  secret: { id: string; name: string };
  /** Who entered the value: any User may rename a secret, so that its name does not say what it is. */
  enteredBy: string[];
  formerNames: string[];
  destinations: string[];
  /** The CA certificates among the destinations, as `<id>.<version>`: each in words, with the person who entered it. */
  authorities: Record<string, string>;
  connectionName: string;
  reason: string;
  askedAt: Date;
  askedByName: string;
};

/** What is shown of the requests of a fabric or a secret: the oldest ones, and how many there are. */
export type WaitingRequests = { requests: WaitingRequest[]; total: number };

export const keepDestinationInput = z.object({ destinationId: z.string().max(64) });

export const allowTokenServerInput = z.object({ secretId: z.string().max(64), version: z.number().int() });

/** What an upgrade allowed and an Admin has to look through; `connections` are the names of those that used it, or empty. */
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

/** What pipelines wait for: secrets that may not be sent where their connection leads, and since when. */
export type NotAllowed = { since: Date; sent: { secret: string; destinations: string[] }[] };

/** A secret as destinations are judged by: its current version, and who reads about it. */
export type CurrentReference = Referenced & { name: string; enteredAt: Date };
