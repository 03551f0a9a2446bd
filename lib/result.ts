/** The result of a function whose failures are expected: a value, or a code from a closed list. */
export type Result<T, Code extends string> =
  | { ok: true; value: T }
  | { ok: false; code: Code; fieldErrors?: Record<string, string> };

/** A successful result. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** A failed result. `fieldErrors` maps field names to sentences. */
export function fail<Code extends string>(
  code: Code,
  fieldErrors?: Record<string, string>,
): { ok: false; code: Code; fieldErrors?: Record<string, string> } {
  return fieldErrors ? { ok: false, code, fieldErrors } : { ok: false, code };
}

/** Prefixes the field names with `part`. */
export function under(part: string, fieldErrors: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldErrors).map(([field, message]) => [`${part}.${field}`, message]),
  );
}

/**
 * Thrown when an object does not exist or belongs to others. The two must look alike: an attacker
 * could otherwise probe for ids.
 */
export class NotFound extends Error {
  override name = "NotFound";
}

/** Thrown when the actor may see an object but may not do this to it. */
export class Forbidden extends Error {
  override name = "Forbidden";
}

/** Thrown when a write would exceed a quota. The message names the quota, its limit and what to do. */
export class QuotaExceeded extends Error {
  override name = "QuotaExceeded";
}

/** Thrown when another program was asked to write and its answer was lost. */
export class OutcomeUnknown extends Error {
  override name = "OutcomeUnknown";
}

/**
 * Thrown when Selvage's configuration prevents the act. Nothing was changed. The message is for the operator
 * and holds no secret.
 */
export class Misconfigured extends Error {
  override name = "Misconfigured";
}

/**
 * True for an error that lasts until an operator changes the configuration, for example a fabric key of
 * another automate.
 */
export function isMisconfigured(error: unknown): boolean {
  return error instanceof Misconfigured || (error instanceof Error && error.name === "UntrustedFabricKey");
}

/** Thrown when an act requires a recent sign-in. */
export class NotFresh extends Error {
  override name = "NotFresh";
}
