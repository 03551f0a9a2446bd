import { z } from "zod";
import type { ConnectionStatus } from "@/lib/connections/schema";
import { type CheckCode, checkEventSchema } from "@/lib/connectors/check-protocol";
import {
  allowCandidateBody,
  checkConnectionsBody,
  promoteBody,
  undoBody,
} from "@/lib/internal-api/bodies/candidate";

/** How long a candidate waits to be promoted. The database sets it. */
export const candidateHours = 24;

/** The most connections that a screen lists with their results. */
export const maxShownConsumers = 200;

/** One line of the stream of checks: an event of the check of one connection. */
export const connectionCheckEvent = z.object({ connectionId: z.string(), event: checkEventSchema });
export type ConnectionCheckEvent = z.infer<typeof connectionCheckEvent>;

export const checkConnectionsInput = checkConnectionsBody.omit({ secretId: true });
export const promoteInput = promoteBody;
export const discardInput = promoteBody.omit({ accepted: true });
export const allowCandidateInput = allowCandidateBody;
export const undoInput = undoBody;

/** What became of a candidate. `outdated`: somebody replaced the value in another way. */
export type CandidateState = "open" | "promoted" | "discarded" | "expired" | "outdated";

/** The newest check of a connection with a candidate. */
export type CandidateResult = {
  ok: boolean;
  code: CheckCode | null;
  /** The field of the connection to correct, with its title on screens. */
  field: { name: string; title: string } | null;
  durationMs: number;
  checkedAt: Date;
};

/** A connection that uses the secret of a candidate. */
export type CandidateConnection = {
  id: string;
  name: string;
  kind: string;
  /** Null until it is checked with its present settings. */
  result: CandidateResult | null;
  /** With the current value. */
  status: ConnectionStatus;
};

/** A candidate of a secret, or what became of it. */
export type CandidateDetail = {
  secretId: string;
  candidate: number;
  state: CandidateState;
  baseVersion: number;
  /** The fields that it sets. */
  fields: string[];
  /** Null once its value is deleted. */
  createdAt: Date | null;
  createdByName: string | null;
  isOwn: boolean;
  expiresAt: Date;
  promotedVersion: number | null;
  closedAt: Date | null;
  closedByName: string | null;
  /** The first of its connections by name; `total` counts all. */
  connections: CandidateConnection[];
  total: number;
};

/** How a check with a candidate ended: `untried` says nothing about the value. */
export type Verdict = "passed" | "refused" | "untried" | "unchecked";
