import type * as z from "zod";
import { fieldErrorsOf } from "@/lib/issue-text";

/** Every failure code of the management API: its status, and the default reason. */
export const apiCodes = {
  invalid: { status: 400, reason: "The request is not valid." },
  unknown_connection: { status: 400, reason: "No connection found" },
  check_failed: { status: 400, reason: "The connection check failed." },
  unauthorized: {
    status: 401,
    reason: "Send a valid access token in the header X-AUTH-TOKEN, or as Authorization: Bearer.",
  },
  forbidden: { status: 403, reason: "Your role does not allow this. Ask an Admin of the team." },
  interactive: {
    status: 403,
    reason: "An access token cannot do this. Do it in the app, after a recent sign-in.",
  },
  refused: { status: 403, reason: "Automate refused the request." },
  not_found: { status: 404, reason: "Not found." },
  method: { status: 405, reason: "This path does not accept this method." },
  name_taken: { status: 409, reason: "The name is already taken." },
  under_way: {
    status: 409,
    reason: "The same request is still running: send it again after that one has finished.",
  },
  conflict: { status: 409, reason: "Someone else changed it at the same time." },
  refused_rows: {
    status: 409,
    reason: "Rows cannot be imported, so nothing was stored. `fieldErrors` has a sentence for each.",
  },
  in_use: { status: 409, reason: "It is still in use." },
  in_trash: { status: 409, reason: "It uses a secret that is in the trash: restore that first." },
  quota_exceeded: { status: 409, reason: "A quota does not allow more." },
  changed: {
    status: 412,
    reason: "It has changed since you read it: read it again, then send its new ETag.",
  },
  too_large: { status: 413, reason: "Request body too large." },
  media_type: { status: 415, reason: "Send the body as JSON, with the content type application/json." },
  busy: { status: 429, reason: "Too many large requests at once: wait until the others have arrived." },
  rate_limited: { status: 429, reason: "Too many requests in this minute." },
  other_body: { status: 422, reason: "This Idempotency-Key was used with another body. Use a new key." },
  // As documented: the only invalid input that is answered with a 5xx status.
  fabric_name_taken: { status: 500, reason: "The name is already taken." },
  unexpected: { status: 500, reason: "Something went wrong. Nothing was changed." },
  partly_saved: {
    status: 500,
    reason: "Something went wrong after at least a part was saved. Read the object to see its state.",
  },
  database_unavailable: {
    status: 503,
    reason: "The database is not available. Nothing was changed: try again.",
  },
  misconfigured: {
    status: 503,
    reason: "Selvage is not configured correctly. Nothing was changed. The log of web names the cause.",
  },
  overloaded: { status: 503, reason: "Too many requests are in progress. Nothing was changed: try again." },
  outcome_unknown: {
    status: 503,
    reason:
      "It is not known whether it was saved, because the answer was lost. Read the object to find out, or send the same request again: with an Idempotency-Key it runs once.",
  },
  automate_unavailable: { status: 503, reason: "Automate is not available. Nothing was changed: try again." },
  key_service_unavailable: {
    status: 503,
    reason: "The key service is not available. Nothing was changed: try again.",
  },
} as const;
export type ApiCode = keyof typeof apiCodes;

/** `fieldErrors` maps a field's path in the request to a sentence. */
export type Failure = {
  ok: false;
  code: ApiCode;
  reason?: string | undefined;
  fieldErrors?: Record<string, string> | undefined;
  /** For Retry-After, if the failure knows better than the default. */
  retryAfterSeconds?: number;
};

/** The result of an operation. */
export type ApiResult<T> = { ok: true; value: T } | Failure;

/** A failure, optionally with its own reason. */
export function failure(code: ApiCode, reason?: string, fieldErrors?: Record<string, string>): Failure {
  return { ok: false, code, reason, fieldErrors };
}

/** The failure of input that does not parse, by field. */
export function invalid(issues: readonly z.core.$ZodIssue[]): Failure {
  return failure("invalid", undefined, fieldErrorsOf(issues));
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
