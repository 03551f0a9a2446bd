import "server-only";
import { requireDatabaseRole, WrongDatabaseRole } from "@/lib/db/role";
import { BadEnvironment, webEnv } from "@/lib/env";

/** Called when pages can be served. Next logs what prevents that, and then answers 500 to every page. */
export type Booting = typeof globalThis & { selvageBooted?: () => void };

/** Refuses to serve, in one sentence, with an incomplete environment or a database role that is not web's. */
export async function bootWeb(): Promise<void> {
  try {
    // next-auth reads its own variable: links, redirects and cookies follow the one address that we are told.
    process.env.NEXTAUTH_URL = webEnv().PUBLIC_URL;
    await requireDatabaseRole("web");
    (globalThis as Booting).selvageBooted?.();
  } catch (error) {
    if (!(error instanceof BadEnvironment || error instanceof WrongDatabaseRole)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
