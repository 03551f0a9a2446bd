import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { startMariaDb } from "@/testing/peers/mariadb-server";
import { serverFolder } from "@/testing/peers/real-server";
import { createTrials } from "@/testing/servers/check-trial";

const trials = createTrials();
const username = "reports";
const password = "canary-Pa55 wörd:/?#%&+";
let folder: Awaited<ReturnType<typeof serverFolder>>;
let authority: Authority;
let server: Awaited<ReturnType<typeof startMariaDb>>;

beforeAll(async () => {
  folder = await serverFolder("mariadb");
  const file = (name: string) => join(folder.path, name);
  authority = await createAuthority("Selvage test authority");
  const { cert, key } = await authority.issue({ names: ["localhost"] });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key);
  server = await startMariaDb(
    folder.path,
    [`--ssl-cert=${file("server.crt")}`, `--ssl-key=${file("server.key")}`, "--plugin-load-add=auth_ed25519"],
    "Install MariaDB: apt-get install mariadb-server.",
  );
  await server.asOwner([
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

function check(change: object = {}, secrets: Record<string, string> = {}) {
  const place = { server: "localhost", port: String(server.port), database: "sales" };
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
  await server.asOwner(["SET GLOBAL require_secure_transport = ON"]);
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
    await server.asOwner(["SET GLOBAL require_secure_transport = OFF"]);
  }
});
