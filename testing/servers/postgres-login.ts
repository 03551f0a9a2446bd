import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Certificate } from "@/launcher/certificates.mjs";

/** A role with a password and its own database, on a real server. */
export type PostgresLogin = {
  server: string;
  port: string;
  database: string;
  username: string;
  password: string;
  drop(): Promise<void>;
};

/**
 * Creates a login on the server of `adminUrl`. With `canConnect: false`, it may not connect to its database.
 */
export async function createPostgresLogin(
  adminUrl: string,
  {
    name = `fake_${randomBytes(6).toString("hex")}`,
    password = randomBytes(18).toString("base64url"),
    canConnect = true,
  } = {},
): Promise<PostgresLogin> {
  const { hostname, port } = new URL(adminUrl);
  await execute(adminUrl, [
    `CREATE ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
    `CREATE DATABASE ${name}`,
    `REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`,
    ...(canConnect ? [`GRANT CONNECT ON DATABASE ${name} TO ${name}`] : []),
  ]);
  return {
    server: hostname,
    port: port || "5432",
    database: name,
    username: name,
    password,
    drop: () => execute(adminUrl, [`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`]),
  };
}

/**
 * Makes the server offer TLS with this certificate, or turns TLS off. Applies to new connections immediately.
 */
export async function servePostgresTls(adminUrl: string, certificate: Certificate | null): Promise<void> {
  if (certificate === null) {
    await execute(adminUrl, ["ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()"]);
    return;
  }
  await execute(adminUrl, [
    writeFile("fake-server.crt", certificate.cert),
    writeFile("fake-server.key", certificate.key),
    "ALTER SYSTEM SET ssl_cert_file = 'fake-server.crt'",
    "ALTER SYSTEM SET ssl_key_file = 'fake-server.key'",
    "ALTER SYSTEM SET ssl = on",
    "SELECT pg_reload_conf()",
  ]);
}

/**
 * The server itself writes the file, because it accepts a private key only from a file that it owns and that
 * is closed to others.
 */
function writeFile(name: string, text: string): string {
  const lines = pg.escapeLiteral(text.trim());
  return `COPY (SELECT unnest(string_to_array(${lines}, chr(10)))) TO PROGRAM 'umask 077; cat > ${name}'`;
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
