import { keyFaultCodes } from "@/lib/internal-api/contract";
import type { KeyServiceFault } from "@/lib/kms/define";
import { type Busy, busyRetrySeconds } from "@/lib/limits/busy";

/** A request that automate refuses, in its one error shape. The message is for the caller and contains no value. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 429 | 502 | 503,
    readonly code: string,
    message: string,
    /** When to retry, and for a batch, which items failed. */
    readonly details: {
      readonly retryAfterSeconds?: number;
      readonly errors?: readonly { index: number; name: string; code: string }[];
    } = {},
  ) {
    super(message);
  }
}

/** The answer when a limit of concurrent work or of unread answers is reached. */
export function busyRefusal({ isOwn, message }: Busy): Refusal {
  return new Refusal(isOwn ? 429 : 503, "busy", message, { retryAfterSeconds: busyRetrySeconds });
}

/** The answer to a write whose commit was not confirmed. */
export function outcomeUnknown(): Refusal {
  return new Refusal(503, "outcome_unknown", "It is not known whether it was saved.", {
    retryAfterSeconds: 2,
  });
}

/** The answer while Postgres is unavailable. */
export function databaseUnavailable(): Refusal {
  const message = "The database is not available. No value was returned. Retry.";
  return new Refusal(503, "database_unavailable", message, { retryAfterSeconds: 2 });
}

const keyFaultMessages: Record<KeyServiceFault["state"], string> = {
  unavailable: "The key service of this fabric is not available. No value was returned. Retry.",
  disabled:
    "The master key of this fabric is disabled. No value was returned. Enable it in its key service, then retry.",
  denied:
    "The key service does not let Automate use the master key of this fabric. No value was returned. Allow it there, then retry.",
  missing: "The master key of this fabric is missing. No value was returned. Restore it, then retry.",
};

/** The answer while the master key of a fabric is not usable. */
export function keyServiceRefusal({ state, retryAfterMs = 0 }: KeyServiceFault): Refusal {
  const retryAfterSeconds =
    state === "unavailable" ? Math.min(60, Math.max(2, Math.ceil(retryAfterMs / 1000))) : 30;
  return new Refusal(503, keyFaultCodes[state], keyFaultMessages[state], { retryAfterSeconds });
}
