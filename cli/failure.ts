/** Exit codes that scripts can trust. `run` ends with the code of what it ran, and with 125 when it failed itself. */
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

/** A sentence for the person at the terminal, and the code that the program ends with. It holds no value. */
export class Failure extends Error {
  override name = "Failure";

  constructor(
    readonly exit: ExitName,
    message: string,
  ) {
    super(message);
  }
}

/** The failure that a status of either API means. */
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
