import { randomBytes } from "node:crypto";
import { startScratchPostgres } from "@/testing/scratch-postgres.mjs";

/**
 * Starts the server on which each test file creates its database, unless TEST_DATABASE_URL names one. Also
 * chooses the name of the template that they copy.
 */
export default async function setup() {
  process.env.TEST_TEMPLATE ??= `template_${randomBytes(6).toString("hex")}`;
  if (process.env.TEST_DATABASE_URL) return;
  const server = await startScratchPostgres();
  process.env.TEST_DATABASE_URL = server.url("postgres");
  return () => server.stop();
}
