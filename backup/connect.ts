import { Client } from "pg";
import { BackupRefused } from "@/backup/refused";
import { connectionFault } from "@/lib/db/connection-fault";

/**
 * Runs `work` on one connection of the owner. Dates and numbers have one form, which both COPY TO and COPY
 * FROM use. Statements have no time limit.
 */
export async function asOwner<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: "selvage backup",
  });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => {});
    throw new BackupRefused(connectionFault(cause, databaseUrl).sentence, { cause });
  }
  try {
    await setFormats(client);
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The form of values in COPY, whatever the server's defaults are. */
export async function setFormats(client: Client): Promise<void> {
  await client.query(
    "SET datestyle = 'ISO, YMD'; SET intervalstyle = postgres; SET timezone = 'UTC'; SET extra_float_digits = 3; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET row_security = off",
  );
}
