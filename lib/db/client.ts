import "server-only";
import { PrismaPg } from "@prisma/adapter-pg";
import { openPool, patienceMs } from "@/lib/db/pool";
import { databaseUrl } from "@/lib/env";
import { Prisma, PrismaClient } from "@/lib/generated/prisma/client";

// Reading these columns is automate's alone; the database refuses web even if a query asks.
const omit = {
  secretField: { sealed: true },
  fabricKey: { wrappedPrivate: true, wrappedKey: true },
  pipelineToken: { tokenHash: true },
} as const;

/** A client for one database identity. Sealed columns are left out unless a query selects them. */
export function createDb(url: string) {
  const parsed = new URL(url);
  const schema = parsed.searchParams.get("schema") ?? undefined;
  return new PrismaClient({
    adapter: new PrismaPg(openPool(url, { max: 10 }), {
      ...(schema ? { schema } : {}),
      disposeExternalPool: true,
    }),
    // Prisma's own limits, 2 and 5 s, are passed when many come at once.
    transactionOptions: { maxWait: patienceMs, timeout: patienceMs },
    omit,
  });
}

export type Db = ReturnType<typeof createDb>;
/** A client inside a transaction. */
export type Tx = Parameters<Parameters<Db["$transaction"]>[0]>[0];

// One pool per process: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & { selvageDb?: Db };

/** This program's database, as its one identity. */
export const db: Db = new Proxy({} as Db, {
  get(_target, property) {
    shared.selvageDb ??= createDb(databaseUrl());
    return Reflect.get(shared.selvageDb, property);
  },
});

/** A search as people mean it: Prisma hands `contains` to LIKE, where % and _ would stand for anything. */
export function literal(search: string): string {
  return search.replace(/[\\%_]/g, "\\$&");
}

/** True for a violation of a unique constraint, by a query of Prisma's or by a statement of ours. */
export function isUniqueViolation(error: unknown): boolean {
  // By code and not by class: each bundle of one process may have loaded classes of its own.
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // SQLSTATE 23505, which Prisma passes on of a raw query in its message alone.
  return (
    code === "23505" ||
    code === "P2002" ||
    (code === "P2010" && error instanceof Error && error.message.includes("`23505`"))
  );
}

export { isOutage } from "@/lib/db/errors";
export { Prisma };
