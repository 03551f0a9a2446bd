import * as z from "zod";
import { type ConnectionStatus, inconclusiveCodes } from "@/lib/connections/schema";
import { type CheckCode, checkEventSchema } from "@/lib/connectors/check-protocol";
import { approvalReason } from "@/lib/destinations/schema";
import {
  allowCandidateBody,
  askForCandidateBody,
  checkConnectionsBody,
  promoteBody,
  undoBody,
} from "@/lib/internal-api/bodies/candidate";

/** How long a candidate waits to be promoted. The database sets it. */
export const candidateHours = 24;

/** Why a candidate was not discarded. */
export const discardTexts = {
  closed: "Someone promoted or discarded it meanwhile. Reload the page to see which.",
  rotating:
    "Selvage is setting this value at the server, which may have it already. It can be discarded when the rotation has ended.",
} as const;

/** The most connections of a candidate that are listed with their results: as many as one request can accept. */
export const maxShownConsumers = 1000;

/** One line of the stream of checks: an event of the check of one connection. */
export const connectionCheckEvent = z.object({ connectionId: z.string(), event: checkEventSchema });
export type ConnectionCheckEvent = z.infer<typeof connectionCheckEvent>;

export const checkConnectionsInput = checkConnectionsBody.omit({ secretId: true });
export const promoteInput = promoteBody;
export const discardInput = promoteBody.omit({ accepted: true });
export const allowCandidateInput = allowCandidateBody;
export const askForCandidateInput = askForCandidateBody.extend({ reason: approvalReason });
export const undoInput = undoBody;

/** The state of a candidate. `outdated`: somebody replaced the value in another way. */
export const candidateStates = ["open", "promoted", "discarded", "expired", "outdated"] as const;
export type CandidateState = (typeof candidateStates)[number];

/** The newest check of a connection with a candidate. */
export type CandidateResult = {
  ok: boolean;
  code: CheckCode | null;
  /** The field of the connection to correct. */
  field: string | null;
  durationMs: number;
  checkedAt: Date;
};

/**
 * Precedes the configuration in a request for a candidate, so that the request says nothing about the connection's state
 * with the current value.
 */
export function candidatePrefix(secretId: string, number: number): string {
  return `${secretId}.${-number} `;
}

/** A connection that uses the secret of a candidate. */
export type CandidateConnection = {
  id: string;
  name: string;
  kind: string;
  /** Null until it is checked with its present settings. */
  result: CandidateResult | null;
  /** For a result `destination_not_allowed`: the destinations that are not allowed for the candidate. */
  notAllowed: string[];
  /** The request to allow them that waits for an Admin. */
  request: { askedByName: string; askedAt: Date } | null;
  /** With the current value. */
  status: ConnectionStatus;
};

/** The titles that verdicts name: of the fields of a kind of connection, and of the steps of its check. */
export type KindWords = {
  fields: Readonly<Record<string, string>>;
  stepTitles: Readonly<Record<string, string>>;
};

/** A candidate of a secret, in any state. */
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
  /** The titles that verdicts name, by kind of connection. */
  kinds: Readonly<Record<string, KindWords>>;
  /** The names of the CA certificates that the destinations trust, by `<id>.<version>`. */
  authorities: Record<string, string>;
};

/**
 * An undo of the current version. `formerVersion` is the version that first had the value which comes back, and
 * `enteredByName` who entered that value. `isRefused` when Selvage has set another password at the server since.
 */
export type UndoOffer = {
  version: number;
  formerVersion: number;
  enteredByName: string;
  isRefused: boolean;
  /** Until when it can be undone; null while the fabric keeps former versions. */
  until: Date | null;
} & Pick<CandidateDetail, "connections" | "total" | "kinds">;

/** How a check with a candidate ended. `untried`: the check says nothing about the value. */
export const verdicts = ["passed", "refused", "untried", "unchecked"] as const;
export type Verdict = (typeof verdicts)[number];

/** The verdict of a result. */
export function verdictOf(result: Pick<CandidateResult, "ok" | "code"> | null): Verdict {
  if (result === null) return "unchecked";
  if (result.ok) return "passed";
  return result.code !== null && inconclusiveCodes.includes(result.code) ? "untried" : "refused";
}

/** True for a candidate that is not closed, or was closed less than a day ago. */
export function isRecent({ closedAt }: Pick<CandidateDetail, "closedAt">): boolean {
  return closedAt === null || Date.now() - closedAt.getTime() < candidateHours * 3600_000;
}
