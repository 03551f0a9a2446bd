import "server-only";
import { DatabaseError } from "pg";

/** A SQLSTATE, but not one of Prisma's codes, which have the same length. */
const sqlState = /^(?!P[1-6]\d{3}$)[0-9A-Z]{5}$/;

/**
 * Returns the SQLSTATE of a Postgres error, from `pg` or from Prisma; undefined when Postgres did not answer.
 */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  if (sqlState.test(code)) return code;
  const { meta, cause } = error as { meta?: { driverAdapterError?: unknown }; cause?: unknown };
  for (const inner of [meta?.driverAdapterError, cause]) {
    const original = originalCode(inner) ?? sqlStateOf(inner);
    if (original) return original;
  }
  // For raw statements, Prisma puts it only in the message.
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
    // The process has no free file descriptor or port for a connection.
    "EMFILE",
    "ENFILE",
    "EADDRNOTAVAIL",
  ],
  // Prisma's codes for an unreachable server, a closed connection, and a connection or transaction timeout.
  ...["P1001", "P1002", "P1008", "P1011", "P1017", "P2024", "P2028", "P2037"],
];
const socketMessages =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|Can't reach database server/;

/**
 * States in which Postgres, or a pooler in front of it, cannot serve any such request until an operator acts.
 */
const outageStates: readonly string[] = [
  "25006", // read-only, for example after a failover behind a stale address
  "26000", // a pooler lost a prepared statement
  "42P05", // a pooler already has this prepared statement
  "42501", // an operator revoked a right
  "57014", // statement_timeout
  "57P01", // shut down
  "57P02", // crashed
  "57P03", // starting
  "25P03", // idle_in_transaction_session_timeout
  "55P03", // lock_timeout
  "58030", // I/O error
  "3D000", // database does not exist
];
/**
 * SQLSTATE classes: connection, login authorization, and resources (53100: disk full, 53300: too many
 * connections).
 */
const outageClasses = /^(08|28|53)/;

/**
 * True when the database cannot serve now: unreachable, timed out, or refusing requests that it normally
 * accepts.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlStateOf(error);
  if (state) return outageStates.includes(state) || outageClasses.test(state);
  const code = "code" in error ? String(error.code) : "";
  if (socketCodes.includes(code) || socketMessages.test(error.message)) return true;
  return error.cause !== undefined && isOutage(error.cause);
}

/**
 * True when Postgres refused a query and so changed nothing. False when the outcome is unknown: with FATAL,
 * Postgres may have been committing when it ended the connection.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}

/**
 * True when Postgres refused the data of a query (class 22, data exception), so that a retry would fail too.
 * Excludes 22007, the code for an audit event that the database did not keep (see `allRecorded`): a retry may
 * succeed.
 */
export function isInvalidText(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return (error.code ?? "").startsWith("22") && error.code !== "22007";
}
