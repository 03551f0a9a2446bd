import { mssql } from "@/lib/connectors/kinds/mssql";
import { synapse } from "@/lib/connectors/kinds/synapse";
import { type CheckContext, CheckFailure } from "@/worker/check";
import { runSqlServer, type SqlServerLogin } from "@/worker/clients/sql-server";
import { definePasswordSetter } from "@/worker/passwords/define";
import { sqlServerName, sqlServerText } from "@/worker/passwords/quoting";
import type { PasswordChange } from "@/worker/protocol";

/**
 * Sets a login's password ("ALTER LOGIN", learn.microsoft.com), in `master`: Azure changes logins only there. The
 * statement has the password: the server takes a hash only for copies of logins between servers, and Azure takes none.
 */
async function set(
  login: SqlServerLogin,
  { user, isOwn, password }: PasswordChange,
  context: CheckContext,
): Promise<void> {
  if (password === undefined) throw new CheckFailure("misconfigured");
  // Without the right to alter logins, one's own password changes only with the former one.
  const former = isOwn ? ` OLD_PASSWORD = ${sqlServerText(login.password)}` : "";
  const statement = `ALTER LOGIN ${sqlServerName(user)} WITH PASSWORD = ${sqlServerText(password)}${former}`;
  await runSqlServer({ ...login, database: "master" }, context, async (run) => {
    // When automate asks later which password the server has, no statement of before may be waiting.
    await run("SET LOCK_TIMEOUT 8000");
    await run(statement);
  });
}

export const setMssqlPassword = definePasswordSetter(mssql, { set });
export const setSynapsePassword = definePasswordSetter(synapse, { set });
