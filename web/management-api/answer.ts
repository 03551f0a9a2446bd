import type { z } from "zod";

/** Every failure code of the management API: its status, and the default reason. */
export const apiCodes = {
  invalid: { status: 400, reason: "The request is malformed." },
  unknown_connection: { status: 400, reason: "No connection found" },
  check_failed: { status: 400, reason: "The connection did not pass its check." },
  unauthorized: { status: 401, reason: "Send a valid access token in the header X-AUTH-TOKEN." },
  forbidden: { status: 403, reason: "Your role does not allow this. An Admin of the team can do it." },
  interactive: {
    status: 403,
    reason: "An access token never does this: it needs a person who signed in lately, in the app.",
  },
  refused: { status: 403, reason: "Automate refused." },
  not_found: { status: 404, reason: "There is no such thing, or not for you." },
  method: { status: 405, reason: "This path does not take that method." },
  name_taken: { status: 409, reason: "The name is taken." },
  under_way: {
    status: 409,
    reason: "The same request is being done: send it again when that one is answered.",
  },
  in_use: { status: 409, reason: "It is still in use." },
  changed: {
    status: 412,
    reason: "It was changed since you read it: read it again, then send its new ETag.",
  },
  too_large: { status: 413, reason: "That is larger than this server takes." },
  media_type: { status: 415, reason: "Send the body as application/json." },
  busy: { status: 429, reason: "Too much is sent at once: wait until the rest has arrived." },
  other_body: { status: 422, reason: "This Idempotency-Key was used with another body. Choose a new one." },
  // As documented: the only invalid input that is answered with a 5xx status.
  fabric_name_taken: { status: 500, reason: "The name is taken." },
  unexpected: { status: 500, reason: "Something went wrong here, and nothing was changed." },
  partly_saved: {
    status: 500,
    reason: "Something went wrong after this was saved, at least in part. Read it to see what is there.",
  },
  database_unavailable: {
    status: 503,
    reason: "The database is not available. Nothing was changed: try again.",
  },
  misconfigured: {
    status: 503,
    reason: "Selvage is not set up right, so that nothing was changed. The log of web says why.",
  },
  outcome_unknown: {
    status: 503,
    reason:
      "It is not known whether it was saved, because the answer to it was lost. Read it to find out, or send the same request again: with an Idempotency-Key it is done once.",
  },
  automate_unavailable: { status: 503, reason: "Automate does not answer. Nothing was changed: try again." },
} as const;
export type ApiCode = keyof typeof apiCodes;

/** `fieldErrors` maps a field's path in the request to a sentence. */
export type Failure = {
  ok: false;
  code: ApiCode;
  reason?: string | undefined;
  fieldErrors?: Record<string, string> | undefined;
};

/** The result of an operation. */
export type ApiResult<T> = { ok: true; value: T } | Failure;

/** A failure, optionally with its own reason. */
export function failure(code: ApiCode, reason?: string, fieldErrors?: Record<string, string>): Failure {
  return { ok: false, code, reason, fieldErrors };
}

/**
 * The longest field name that an error repeats. No field of the API has a longer name, so a longer one comes
 * from the caller alone.
 */
const longestName = 64;
const mostFields = 50;

/**
 * The failure of input that does not parse: the first message for each field, at most fifty fields. zod's
 * messages never repeat a value.
 */
export function invalid(issues: readonly z.core.$ZodIssue[]): Failure {
  const fieldErrors: Record<string, string> = {};
  for (const { path, message } of issues) {
    if (Object.keys(fieldErrors).length === mostFields) break;
    const names = path.map((name) => (String(name).length > longestName ? "…" : String(name)));
    fieldErrors[names.join(".")] ??= message;
  }
  return failure("invalid", undefined, fieldErrors);
}

/** The failure of one field. */
export function invalidField(field: string, message: string): Failure {
  return failure("invalid", undefined, { [field]: message });
}

/** The failure's sentence: its own reason, or its field errors, or the default reason of its code. */
export function reasonOf({ code, reason, fieldErrors = {} }: Failure): string {
  const fields = Object.entries(fieldErrors).map(([field, message]) =>
    field ? `${field}: ${message}` : message,
  );
  return reason ?? (fields.join(" ") || apiCodes[code].reason);
}
