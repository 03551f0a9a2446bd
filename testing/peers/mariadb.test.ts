import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { runProgram, type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { createTrials } from "@/testing/servers/check-trial";

const install = "Install MariaDB: apt-get install mariadb-server.";
const trials = createTrials();
const username = "reports";
const password = "canary-Pa55 wörd:/?#%&+";
let folder: Awaited<ReturnType<typeof serverFolder>>;
let authority: Authority;
let port: number;
let server: StartedServer;

beforeAll(async () => {
  folder = await serverFolder("mariadb");
  const file = (name: string) => join(folder.path, name);
  authority = await createAuthority("Selvage test authority");
  const { cert, key } = await authority.issue({ names: ["localhost"] });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key);
  const common = ["--no-defaults", `--datadir=${file("data")}`, `--user=${userInfo().username}`];
  const trusted = "--auth-root-authentication-method=normal";
  await runProgram("mariadb-install-db", [...common, trusted, "--skip-test-db"], install);
  port = await freePort();
  server = await startServer(
    "mariadbd",
    [
      ...common,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${file("socket")}`,
      `--ssl-cert=${file("server.crt")}`,
      `--ssl-key=${file("server.key")}`,
      "--plugin-load-add=auth_ed25519",
    ],
    { port, install },
  );
  await asOwner([
    "CREATE DATABASE sales",
    "CREATE DATABASE shut",
    `CREATE USER '${username}'@'%' IDENTIFIED BY '${password}'`,
    `GRANT SELECT ON sales.* TO '${username}'@'%'`,
    `CREATE USER locked@'%' IDENTIFIED BY '${password}' ACCOUNT LOCK`,
    `CREATE USER expired@'%' IDENTIFIED BY '${password}' PASSWORD EXPIRE`,
    `CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('${password}')`,
    "CREATE USER local@'%' IDENTIFIED VIA unix_socket",
    "GRANT SELECT ON sales.* TO expired@'%', curve@'%', local@'%'",
  ]);
});

afterAll(async () => {
  trials.close();
  await server?.stop();
  await folder?.remove();
});

async function asOwner(queries: readonly string[]): Promise<void> {
  const owner = await mysql.createConnection({ socketPath: join(folder.path, "socket"), user: "root" });
  for (const query of queries) await owner.query(query);
  await owner.end();
}

function check(change: object = {}, secrets: Record<string, string> = {}) {
  const place = { server: "localhost", port: String(port), database: "sales" };
  const properties = { ...place, username, tlsMode: "verify-full", ...change };
  const trusted = properties.tlsMode === "verify-full" ? { caCertificate: authority.cert } : {};
  return trials.run("mysql", properties, { password, ...trusted, ...secrets });
}

test("MariaDB accepts the sign-in, with and without encryption", async () => {
  const { result, passed } = await check();
  expect(result).toMatchObject({
    ok: true,
    facts: { serverVersion: expect.stringMatching(/^1\d\.\d+\.\d+$/) },
  });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect((await check({ tlsMode: "require" })).result).toMatchObject({ ok: true });
  expect((await check({ tlsMode: "disable" })).result).toMatchObject({ ok: true });
});

test.each([
  [{}, { password: "canary-wrong" }, "rejected_credentials", "password", "sign_in"],
  [{ username: "nobody" }, {}, "rejected_credentials", "password", "sign_in"],
  [{ username: "locked" }, {}, "account_locked", "username", "sign_in"],
  [{ username: "expired" }, {}, "password_change_required", "password", "sign_in"],
  [{ username: "curve" }, {}, "method_not_supported", "username", "sign_in"],
  [{ username: "local" }, {}, "sign_in_not_offered", "username", "sign_in"],
  [{ database: "nothing" }, {}, "not_permitted", "database", "permission"],
  [{ database: "shut" }, {}, "not_permitted", "database", "permission"],
])("MariaDB's refusal of %j %j names %s at %s", async (change, secrets, code, field, step) => {
  expect((await check(change, secrets)).result).toMatchObject({ code, field, step });
});

test("an unknown authority and a wrong name are named before the sign-in", async () => {
  const other = (await createAuthority("Other")).cert;
  expect((await check({}, { caCertificate: other })).result).toMatchObject({
    code: "tls_untrusted",
    step: "tls",
    field: "caCertificate",
  });
  expect((await check({ server: "127.0.0.1" })).result).toMatchObject({
    code: "tls_wrong_name",
    step: "tls",
    field: "server",
  });
});

test("a MariaDB that requires encryption is told as that, and not as a wrong password", async () => {
  await asOwner(["SET GLOBAL require_secure_transport = ON"]);
  try {
    const unencrypted = (await check({ tlsMode: "disable" })).result;
    expect(unencrypted).toMatchObject({
      code: "encryption_may_be_required",
      step: "sign_in",
      field: "tlsMode",
    });
    expect((await check()).result).toMatchObject({ ok: true });
    expect((await check({}, { password: "canary-wrong" })).result).toMatchObject({
      code: "rejected_credentials",
    });
  } finally {
    await asOwner(["SET GLOBAL require_secure_transport = OFF"]);
  }
});
