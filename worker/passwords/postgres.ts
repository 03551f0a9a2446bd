import { postgres } from "@/lib/connectors/kinds/postgres";
import { CheckFailure } from "@/worker/check";
import { loadPostgres, queryPostgres } from "@/worker/clients/postgres-wire";
import { definePasswordSetter } from "@/worker/passwords/define";

/**
 * Sets a role's password by its SCRAM verifier (RFC 5803), which the server stores as it is. So neither the password
 * nor anything that signs in is in the statement, which the server may log.
 */
export const setPostgresPassword = definePasswordSetter(postgres, {
  async set(properties, { user, verifier }, context) {
    if (verifier === undefined) throw new CheckFailure("misconfigured");
    const { default: driver } = await loadPostgres();
    const role = driver.escapeIdentifier(user);
    // One message, all or nothing. The server gives up in time: when automate asks later which password the server
    // has, no statement of before may be waiting. Local, because a pooler lends the session to others.
    const statements = [
      "BEGIN",
      "SET LOCAL lock_timeout = '8s'",
      "SET LOCAL statement_timeout = '8s'",
      `ALTER ROLE ${role} PASSWORD ${driver.escapeLiteral(verifier)}`,
      "COMMIT",
    ];
    await queryPostgres(properties, context, (client) => client.query(statements.join("; ")));
  },
});
