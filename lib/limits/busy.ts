/** Thrown when a limit of concurrent work or of unread answers is reached. Nothing was changed. */
export class Busy extends Error {
  override name = "Busy";

  constructor(
    /** True for the caller's own share (429), false for that of all callers together (503). */
    readonly isOwn: boolean,
    /** For the caller: what is too much, and what to do. */
    message: string,
  ) {
    super(message);
  }
}

/** Seconds until a refused caller should retry. */
export const busyRetrySeconds = 2;

/** True for a `Busy` of any bundle: each loads its own copy of the class. */
export function isBusy(error: unknown): error is Busy {
  return error instanceof Error && error.name === "Busy" && "isOwn" in error;
}
