import { startScratchPostgres } from "@/scripts/scratch-postgres.mjs";

/** The server on which each test file makes its own database, unless TEST_DATABASE_URL names one already. */
export default async function setup() {
  if (process.env.TEST_DATABASE_URL) return;
  const server = await startScratchPostgres();
  process.env.TEST_DATABASE_URL = server.url("postgres");
  return () => server.stop();
}
