import type { Connection } from "mysql2";
import { mysql } from "@/lib/connectors/kinds/mysql";
import { CheckFailure } from "@/worker/check";
import { queryMysql, run } from "@/worker/clients/mysql";
import { definePasswordSetter } from "@/worker/passwords/define";
import type { PasswordChange } from "@/worker/protocol";

/**
 * Sets a user's password. MariaDB takes the hash that it stores, so its logs get no password. MySQL takes only the
 * password in a statement of the user's own, and writes `<secret>` in its place into its logs.
 */
export const setMysqlPassword = definePasswordSetter(mysql, {
  async set(properties, change, context) {
    await queryMysql(properties, context, async (connection) => {
      const [server] = await run(connection, "SELECT VERSION() AS version");
      // When automate asks later which password the server has, no statement of before may be waiting.
      await run(connection, "SET SESSION lock_wait_timeout = 8");
      const { statement, values } = /mariadb/i.test(String(server?.version))
        ? await forMariadb(connection, change)
        : await forMysql(connection, change);
      await run(connection, statement, values);
    });
  },
});

type Statement = { statement: string; values: string[] };

async function forMariadb(
  connection: Connection,
  { user, isOwn, verifier }: PasswordChange,
): Promise<Statement> {
  if (verifier === undefined) throw new CheckFailure("misconfigured");
  if (isOwn) return { statement: "SET PASSWORD = ?", values: [verifier] };
  const host = await hostOf(connection, user);
  return { statement: "SET PASSWORD FOR ?@? = ?", values: [user, host, verifier] };
}

async function forMysql(
  connection: Connection,
  { user, isOwn, password }: PasswordChange,
): Promise<Statement> {
  if (password === undefined) throw new CheckFailure("misconfigured");
  if (isOwn) return { statement: "ALTER USER USER() IDENTIFIED BY ?", values: [password] };
  return {
    statement: "ALTER USER ?@? IDENTIFIED BY ?",
    values: [user, await hostOf(connection, user), password],
  };
}

/** The host of an account with this user. Several are several accounts, each with a password of its own. */
async function hostOf(connection: Connection, user: string): Promise<string> {
  const rows = await run(connection, "SELECT Host AS host FROM mysql.user WHERE User = ?", [user]);
  const [row, ...others] = rows;
  if (row === undefined) throw new CheckFailure("password_not_accepted", "password");
  if (others.length > 0) throw new CheckFailure("password_not_accepted", "password");
  return String(row.host);
}
