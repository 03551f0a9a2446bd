/** What a function returns whose failures are expected: a value, or a code of its own closed list. */
export type Result<T, Code extends string> =
  | { ok: true; value: T }
  | { ok: false; code: Code; fieldErrors?: Record<string, string> };

/** The successful result. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** The failed result; `fieldErrors` are sentences by field name. */
export function fail<Code extends string>(
  code: Code,
  fieldErrors?: Record<string, string>,
): { ok: false; code: Code; fieldErrors?: Record<string, string> } {
  return fieldErrors ? { ok: false, code, fieldErrors } : { ok: false, code };
}

/** The same sentences by the paths that their fields have within `part`. */
export function under(part: string, fieldErrors: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldErrors).map(([field, message]) => [`${part}.${field}`, message]),
  );
}

/** Thrown when something is not there, or not for this actor: the two must look alike. */
export class NotFound extends Error {
  override name = "NotFound";
}

/** Thrown when an actor may see a thing but not do this to it. */
export class Forbidden extends Error {
  override name = "Forbidden";
}

/** Thrown when another program was asked to write, and its answer was lost. */
export class OutcomeUnknown extends Error {
  override name = "OutcomeUnknown";
}

/** Thrown when nothing was done because of how Selvage is set up; the message is for whoever runs it and holds nothing secret. */
export class Misconfigured extends Error {
  override name = "Misconfigured";
}

/** True for an error that lasts until whoever runs Selvage sets it up otherwise; a fabric key of another automate is one. */
export function isMisconfigured(error: unknown): boolean {
  return error instanceof Misconfigured || (error instanceof Error && error.name === "UntrustedFabricKey");
}

/** Thrown when an act needs a sign-in of the last minutes. */
export class NotFresh extends Error {
  override name = "NotFresh";
}
