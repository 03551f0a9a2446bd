import "server-only";
import { sqlStateOf } from "@/lib/db/errors";

/** Why the database cannot be used, as a sentence for an operator. `isTemporary` is true when waiting may help. */
export type ConnectionFault = { sentence: string; isTemporary: boolean };

/** SQLSTATEs of a server that temporarily accepts no connections: starting, stopping, full. */
const temporaryStates: readonly string[] = ["57P03", "57P01", "57P02", "53300"];

/**
 * Explains a failed connection. Names the host, the login and the database of the URL, never the password.
 */
export function connectionFault(error: unknown, databaseUrl: string): ConnectionFault {
  const { host, login, database } = partsOf(databaseUrl);
  const state = sqlStateOf(error);
  const message = error instanceof Error ? error.message : "";
  const permanent = (sentence: string) => ({ sentence, isTemporary: false });
  if (state === "28P01")
    return permanent(
      `The database at ${host} rejects the login "${login}": the password is wrong, or the role does not exist. A dump does not include roles: npm run migrate creates them.`,
    );
  if (state === "28000")
    return permanent(
      /does not exist/.test(message)
        ? `The database at ${host} has no role "${login}". A dump does not include roles: npm run migrate creates them.`
        : `The database at ${host} does not allow the login "${login}": check pg_hba.conf, and that the role has LOGIN.`,
    );
  if (state === "3D000")
    return permanent(`Database "${database}" not found at ${host}: create it, or correct the URL.`);
  if (state === "42501")
    return permanent(`The role "${login}" may not connect to the database "${database}" at ${host}.`);
  if (state === "08P01" && message.includes("options"))
    return permanent(
      `The pooler at ${host} rejects the startup parameter "options": add it to ignore_startup_parameters, and set the time limits with ALTER ROLE (docs/operations.md).`,
    );
  if (state && temporaryStates.includes(state))
    return {
      sentence: `The database at ${host} accepts no connections at the moment (SQLSTATE ${state}).`,
      isTemporary: true,
    };
  if (state) return permanent(`The database at ${host} rejects connections (SQLSTATE ${state}).`);
  const code = codeOf(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { sentence: `The host name of the database, ${host}, cannot be resolved.`, isTemporary: true };
  const reason = code ? ` (${code})` : / timeout|timeout /.test(message) ? " (timed out)" : "";
  return { sentence: `The database at ${host} cannot be reached${reason}.`, isTemporary: true };
}

/**
 * If a host has several addresses, Node.js throws an AggregateError without a code of its own; this reads its
 * first error.
 */
function codeOf(error: unknown): string | undefined {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : "";
  return /^E[A-Z_]+$/.test(code) ? code : undefined;
}

function partsOf(databaseUrl: string): { host: string; login: string; database: string } {
  if (!URL.canParse(databaseUrl)) return { host: "its URL", login: "", database: "" };
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  return {
    host: `${hostname}:${port || "5432"}`,
    login: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
  };
}
