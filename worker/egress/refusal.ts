const refusalCode = "EGRESS_REFUSED";

/** The error of a socket or another exit that the guard refused. */
export function refusal(): NodeJS.ErrnoException {
  return Object.assign(new Error("Refused by the egress guard."), { code: refusalCode });
}

export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === refusalCode;
}
