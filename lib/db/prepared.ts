import "server-only";
import { hash } from "node:crypto";
import type { QueryResultRow } from "pg";
import type { Db, Tx } from "@/lib/db/client";
import { pool } from "@/lib/db/pool";
import { usesPreparedStatements } from "@/lib/env";

export type PreparedQuery<Row> = {
  (...values: unknown[]): Promise<readonly Row[]>;
  /**
   * Runs the same query inside a Prisma transaction, or under another identity. Inside a transaction, always
   * use this: if each of many transactions waited for a second connection, none would get one.
   */
  within(client: Db | Tx, ...values: unknown[]): Promise<readonly Row[]>;
};

/**
 * A query that each connection of this program prepares once. docs/architecture.md says what uses it, and what uses Prisma.
 * The hottest write `unnest((SELECT $1::text[]))`: the planner then cannot see the array, so that Postgres
 * keeps one generic plan.
 */
export function preparedQuery<Row extends QueryResultRow>(text: string): PreparedQuery<Row> {
  // The name is a hash of the text: bundles of one process share connections but not a list of names.
  const name = hash("sha256", text, "base64url");
  const run = async (...values: unknown[]) => {
    const query = usesPreparedStatements() ? { name, text, values } : { text, values };
    return (await pool().query<Row>(query)).rows;
  };
  return Object.assign(run, {
    within: (client: Db | Tx, ...values: unknown[]) => client.$queryRawUnsafe<Row[]>(text, ...values),
  });
}
