import { fileURLToPath } from "node:url";
import { attempt } from "@/launcher/processes.mjs";

const pathTo = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Runs Prisma's own command line on a database, with its schema engine from npm. */
export function prismaCli(databaseUrl: string, ...args: string[]) {
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    CHECKPOINT_DISABLE: "1",
    // Windows cannot start a script as a program. There, Prisma downloads its engine.
    ...(process.platform !== "win32" && {
      PRISMA_SCHEMA_ENGINE_BINARY: pathTo("testing/prisma-schema-engine.mjs"),
    }),
  };
  return attempt(process.execPath, [pathTo("node_modules/prisma/build/index.js"), ...args], {
    cwd: pathTo(""),
    env,
  });
}
