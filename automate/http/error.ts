/** A request that automate refuses, in its one error shape; the message is written for the caller and holds no value. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 429 | 502 | 503,
    readonly code: string,
    message: string,
    /** When to come back; and for many things asked at once, which of them failed. */
    readonly more: {
      readonly retryAfterSeconds?: number;
      readonly errors?: readonly { index: number; name: string; code: string }[];
    } = {},
  ) {
    super(message);
  }
}

/** What is told of a write whose commit was not answered. */
export function outcomeUnknown(): Refusal {
  return new Refusal(503, "outcome_unknown", "It is not known whether it was saved.", {
    retryAfterSeconds: 2,
  });
}

/** What is told while Postgres cannot be asked. */
export function databaseAway(): Refusal {
  const words = "The database is not available. Nothing was handed out: ask again.";
  return new Refusal(503, "database_unavailable", words, { retryAfterSeconds: 2 });
}
