import "server-only";
import { db, type Tx } from "@/lib/db/client";
import type { Result } from "@/lib/result";

/**
 * Runs a transaction that commits only what ends well: a failure that `run` returns rolls everything back, as a thrown
 * error does. `db.$transaction` alone would commit what was written before the failure.
 */
export async function allOrNothing<T, Code extends string>(
  run: (tx: Tx) => Promise<Result<T, Code>>,
): Promise<Result<T, Code>> {
  try {
    return await db.$transaction(async (tx) => {
      const result = await run(tx);
      if (!result.ok) throw new RolledBack(result);
      return result;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.failure as Result<never, Code>;
    throw error;
  }
}

class RolledBack extends Error {
  override name = "RolledBack";
  constructor(readonly failure: Result<never, string>) {
    super("The transaction returned a failure.");
  }
}
