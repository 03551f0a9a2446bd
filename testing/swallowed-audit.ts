import { Client } from "pg";

/**
 * Makes the database discard one fabric's audit events while `work` runs, as a trigger of the database's
 * owner could.
 */
export async function whileAuditIsSwallowed<T>(
  ownerUrl: string,
  fabricId: string,
  work: () => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(
      "CREATE OR REPLACE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    );
    await client.query(
      `CREATE TRIGGER swallow BEFORE INSERT ON audit_event FOR EACH ROW
       WHEN (NEW."fabricId" = '${fabricId}') EXECUTE FUNCTION swallow()`,
    );
    return await work();
  } finally {
    await client.query("DROP FUNCTION IF EXISTS swallow CASCADE");
    await client.end();
  }
}
