import { createHash } from "node:crypto";
import * as z from "zod";

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
/** The id of the team that has a master key of its own in the stack's keyring: “Acme’s own key”. */
export const teamWithKey = "0199a7c2-0000-7000-8000-00000000acce";

const programEnv = z.record(z.string(), z.string());

/** The addresses and folders of this run's stack, from the environment that e2e/stack.ts sets. */
export function stack() {
  const given = environment.parse(process.env);
  return {
    webUrl: given.E2E_BASE_URL,
    automateUrl: given.E2E_AUTOMATE_URL,
    /** The target of web's signed requests. */
    automateInternalUrl: given.E2E_AUTOMATE_INTERNAL_URL,
    databaseUrl: given.E2E_DATABASE_URL,
    /** The folder with both programs' logs. */
    dir: given.E2E_DIR,
    postgresDir: given.E2E_POSTGRES_DIR,
    webEnv: programEnv.parse(JSON.parse(given.E2E_WEB_ENV)),
    automateEnv: programEnv.parse(JSON.parse(given.E2E_AUTOMATE_ENV)),
    /** The prefix of every secret value in this run: random per run, and the same in all of its processes. */
    canary: `cnry${createHash("sha256").update(given.E2E_DIR).digest("hex").slice(0, 12)}`,
  };
}
