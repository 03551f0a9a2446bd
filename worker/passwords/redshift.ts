import { redshift } from "@/lib/connectors/kinds/redshift";
import { CheckFailure } from "@/worker/check";
import { loadPostgres, queryPostgres } from "@/worker/clients/postgres-wire";
import { definePasswordSetter } from "@/worker/passwords/define";

/**
 * Sets a user's password by its MD5 hash ("ALTER USER", docs.aws.amazon.com/redshift). Redshift also takes a SHA-256
 * hash, but clients of PostgreSQL, Selvage's own too, cannot sign in with that.
 */
export const setRedshiftPassword = definePasswordSetter(redshift, {
  async set(properties, { user, verifier }, context) {
    if (verifier === undefined) throw new CheckFailure("misconfigured");
    const { default: driver } = await loadPostgres();
    await queryPostgres(properties, context, async (client) => {
      // When automate asks later which password the server has, no statement of before may be waiting.
      await client.query("SET statement_timeout TO 8000");
      await client.query(
        `ALTER USER ${driver.escapeIdentifier(user)} PASSWORD ${driver.escapeLiteral(verifier)}`,
      );
    });
  },
});
