import { oracle } from "@/lib/connectors/kinds/oracle";
import { CheckFailure } from "@/worker/check";
import { signInToOracle } from "@/worker/clients/oracle-sign-in";
import { definePasswordSetter } from "@/worker/passwords/define";
import { oracleName, oraclePassword } from "@/worker/passwords/quoting";

/** How long a statement may take, in milliseconds. The driver then breaks it off at the server. */
const statementMs = 8_000;

/**
 * Sets a user's password ("ALTER USER", docs.oracle.com). The statement has the password: Oracle documents no form with
 * a hash.
 */
export const setOraclePassword = definePasswordSetter(oracle, {
  async set(properties, { user, isOwn, password }, { begin }) {
    if (password === undefined) throw new CheckFailure("misconfigured");
    // Where a profile verifies passwords, one's own changes only with the former one.
    const former = isOwn ? ` REPLACE ${oraclePassword(properties.password)}` : "";
    const statement = `ALTER USER ${oracleName(user)} IDENTIFIED BY ${oraclePassword(password)}${former}`;
    const connection = await signInToOracle(properties);
    connection.callTimeout = statementMs;
    begin("permission");
    await connection.execute(statement);
    await connection.close();
  },
});
