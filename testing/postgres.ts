import { randomBytes } from "node:crypto";
import { startScratchPostgres } from "@/testing/scratch-postgres.mjs";

/** The server on which each test file makes its own database, unless TEST_DATABASE_URL names one already, and the name of what they copy. */
export default async function setup() {
  process.env.TEST_TEMPLATE ??= `template_${randomBytes(6).toString("hex")}`;
  if (process.env.TEST_DATABASE_URL) return;
  const server = await startScratchPostgres();
  process.env.TEST_DATABASE_URL = server.url("postgres");
  return () => server.stop();
}
