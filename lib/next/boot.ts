import "server-only";
import { requireDatabaseRole, WrongDatabaseRole } from "@/lib/db/role";
import { BadEnvironment, webEnv } from "@/lib/env";
import { processState } from "@/lib/process-state";

/**
 * Next's startup hook calls it; web waits for it. If the boot throws, Next logs the error and answers 500 to
 * every page.
 */
export type Booting = { booted: () => void };

/** Exits with one sentence if the environment is incomplete or the database role is not web's. */
export async function bootWeb(): Promise<void> {
  try {
    // next-auth reads this variable. It must use the same address as web for links, redirects and cookies.
    process.env.NEXTAUTH_URL = webEnv().PUBLIC_URL;
    await requireDatabaseRole("web");
    processState<Booting>().booted?.();
  } catch (error) {
    if (!(error instanceof BadEnvironment || error instanceof WrongDatabaseRole)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
