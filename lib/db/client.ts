import "server-only";
import { PrismaPg } from "@prisma/adapter-pg";
import type { Pool } from "pg";
import { closePool, openPool, pool, queryTimeoutMs } from "@/lib/db/pool";
import { databaseUrl } from "@/lib/env";
import { Prisma, PrismaClient } from "@/lib/generated/prisma/client";
import { processState } from "@/lib/process-state";

// Only automate may read these columns. Postgres refuses web even if a query asks for them.
const omit = {
  secretField: { sealed: true },
  fabricKey: { wrappedPrivate: true, wrappedKey: true },
  pipelineToken: { tokenHash: true },
} as const;

/**
 * Creates a Prisma client on a pool of its own, for another database identity than this program's. Omits
 * sealed columns unless a query selects them.
 */
export function createDb(url: string) {
  return clientOf(openPool(url), url, true);
}

function clientOf(connections: Pool, url: string, disposeExternalPool: boolean) {
  const schema = new URL(url).searchParams.get("schema");
  return new PrismaClient({
    adapter: new PrismaPg(connections, { ...(schema ? { schema } : {}), disposeExternalPool }),
    // Prisma's own limits, 2 and 5 s, are too short for a burst of requests.
    transactionOptions: { maxWait: queryTimeoutMs, timeout: queryTimeoutMs },
    omit,
  });
}

export type Db = ReturnType<typeof createDb>;
/** A client inside a transaction. */
export type Tx = Parameters<Parameters<Db["$transaction"]>[0]>[0];

const shared = processState<{ db: Db }>();

/** The database of this program, under its one identity, on its one pool. Connects at the first use. */
export const db: Db = new Proxy({} as Db, {
  get(_target, property) {
    shared.db ??= clientOf(pool(), databaseUrl(), false);
    return Reflect.get(shared.db, property);
  },
});

/** Closes the connections of this program. A later query opens new ones. */
export async function closeDb(): Promise<void> {
  const closing = shared.db;
  delete shared.db;
  await closing?.$disconnect();
  await closePool();
}

/** Escapes % and _ in a search text: Prisma passes `contains` to LIKE, where they are wildcards. */
export function literal(search: string): string {
  return search.replace(/[\\%_]/g, "\\$&");
}

/** True for a violation of a unique constraint, by a Prisma query or by a prepared query. */
export function isUniqueViolation(error: unknown): boolean {
  // Compares codes, not classes: each bundle in a process may load its own copy of a class.
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // SQLSTATE 23505. For raw queries, Prisma reports it only in the message.
  return (
    code === "23505" ||
    code === "P2002" ||
    (code === "P2010" && error instanceof Error && error.message.includes("`23505`"))
  );
}

export { isOutage } from "@/lib/db/errors";
export { Prisma };
