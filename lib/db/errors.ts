import "server-only";

/** A SQLSTATE, and no code of Prisma's, which has as many characters. */
const sqlState = /^(?!P[1-6]\d{3}$)[0-9A-Z]{5}$/;

/** The SQLSTATE of an error of Postgres, by `pg` or by Prisma; undefined when Postgres did not answer. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (sqlState.test(code)) return code;
  const { meta, cause } = error as { meta?: { driverAdapterError?: unknown }; cause?: unknown };
  for (const inner of [meta?.driverAdapterError, cause]) {
    const original = originalCode(inner) ?? sqlStateOf(inner);
    if (original) return original;
  }
  // Prisma's errors of raw statements have it in their message.
  return /Code: `([0-9A-Z]{5})`/.exec(error.message)?.[1];
}

function originalCode(error: unknown): string | undefined {
  const { originalCode: code } = (typeof error === "object" && error !== null ? error : {}) as {
    originalCode?: unknown;
  };
  return typeof code === "string" && sqlState.test(code) ? code : undefined;
}

const socketCodes: readonly string[] = [
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    // No descriptor or port is left for a connection.
    "EMFILE",
    "ENFILE",
    "EADDRNOTAVAIL",
  ],
  // What Prisma calls a server out of reach, a closed connection, and no connection or no transaction in time.
  ...["P1001", "P1002", "P1008", "P1011", "P1017", "P2024", "P2028", "P2037"],
];
const socketWords =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|Can't reach database server/;

/** States in which Postgres, or a pooler before it, serves no request of this kind just now: an operator has to do something. */
const outageStates: readonly string[] = [
  "25006", // read-only, as after a demotion behind a stale address
  "26000", // a pooler lost a prepared statement
  "42P05", // a pooler has it already
  "42501", // a right was taken away
  "57014", // statement_timeout
  "57P01", // shut down
  "57P02", // crashed
  "57P03", // starting
  "25P03", // idle_in_transaction_session_timeout
  "55P03", // lock_timeout
  "58030", // input or output failed
  "3D000", // no such database
];
/** Classes of these: connection, authorization of the login, and resources (53100 is a full disk, 53300 too many connections). */
const outageClasses = /^(08|28|53)/;

/** True when the database cannot serve just now: it is away, did not answer in time, or refuses what it took before. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlStateOf(error);
  if (state) return outageStates.includes(state) || outageClasses.test(state);
  const code = "code" in error ? String(error.code) : "";
  if (socketCodes.includes(code) || socketWords.test(error.message)) return true;
  return error.cause !== undefined && isOutage(error.cause);
}
