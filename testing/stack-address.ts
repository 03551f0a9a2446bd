import { createHash } from "node:crypto";
import { z } from "zod";

const environment = z.object({
  E2E_BASE_URL: z.url(),
  E2E_AUTOMATE_URL: z.url(),
  E2E_AUTOMATE_INTERNAL_URL: z.url(),
  E2E_DATABASE_URL: z.url(),
  E2E_DIR: z.string(),
  E2E_POSTGRES_DIR: z.string(),
  E2E_WEB_ENV: z.string(),
  E2E_AUTOMATE_ENV: z.string(),
});
const programEnv = z.record(z.string(), z.string());

/** Where the stack of this run is, as e2e/stack.ts told it. */
export function stack() {
  const given = environment.parse(process.env);
  return {
    webUrl: given.E2E_BASE_URL,
    automateUrl: given.E2E_AUTOMATE_URL,
    /** Where web's signed requests go. */
    automateInternalUrl: given.E2E_AUTOMATE_INTERNAL_URL,
    databaseUrl: given.E2E_DATABASE_URL,
    /** Holds the logs of both programs. */
    dir: given.E2E_DIR,
    postgresDir: given.E2E_POSTGRES_DIR,
    webEnv: programEnv.parse(JSON.parse(given.E2E_WEB_ENV)),
    automateEnv: programEnv.parse(JSON.parse(given.E2E_AUTOMATE_ENV)),
    /** What every secret value of this run begins with: random, and known to all of its processes. */
    canary: `cnry${createHash("sha256").update(given.E2E_DIR).digest("hex").slice(0, 12)}`,
  };
}
