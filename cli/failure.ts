/**
 * Stable exit codes for scripts. `run` exits with the code of its command, and with 125 when `run` itself
 * fails.
 */
export const exitCodes = {
  failed: 1,
  usage: 2,
  unauthorized: 3,
  forbidden: 4,
  not_found: 5,
  conflict: 6,
  unavailable: 7,
} as const;
export type ExitName = keyof typeof exitCodes;

/** An error with a sentence for the person at the terminal, and the exit code. It never contains a value. */
export class Failure extends Error {
  override name = "Failure";

  constructor(
    readonly exit: ExitName,
    message: string,
  ) {
    super(message);
  }
}

/** Maps a status of either API to a failure. */
export function failureOf(status: number, message: string): Failure {
  const byStatus: Record<number, ExitName> = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    412: "conflict",
    413: "usage",
    429: "unavailable",
  };
  return new Failure(byStatus[status] ?? (status >= 500 ? "unavailable" : "failed"), message);
}
