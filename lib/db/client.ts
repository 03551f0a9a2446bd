import "server-only";
import { PrismaPg } from "@prisma/adapter-pg";
import { openPool, patienceMs } from "@/lib/db/pool";
import { databaseUrl } from "@/lib/env";
import { Prisma, PrismaClient } from "@/lib/generated/prisma/client";

// Only automate may read these columns. Postgres refuses web even if a query asks for them.
const omit = {
  secretField: { sealed: true },
  fabricKey: { wrappedPrivate: true, wrappedKey: true },
  pipelineToken: { tokenHash: true },
} as const;

/** Creates a client for one database identity. Omits sealed columns unless a query selects them. */
export function createDb(url: string) {
  const parsed = new URL(url);
  const schema = parsed.searchParams.get("schema") ?? undefined;
  return new PrismaClient({
    adapter: new PrismaPg(openPool(url, { max: 10 }), {
      ...(schema ? { schema } : {}),
      disposeExternalPool: true,
    }),
    // Prisma's own limits, 2 and 5 s, are too short for a burst of requests.
    transactionOptions: { maxWait: patienceMs, timeout: patienceMs },
    omit,
  });
}

export type Db = ReturnType<typeof createDb>;
/** A client inside a transaction. */
export type Tx = Parameters<Parameters<Db["$transaction"]>[0]>[0];

// One pool per process: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & { selvageDb?: Db };

/** The database of this program, under its one identity. Connects at the first use. */
export const db: Db = new Proxy({} as Db, {
  get(_target, property) {
    shared.selvageDb ??= createDb(databaseUrl());
    return Reflect.get(shared.selvageDb, property);
  },
});

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
