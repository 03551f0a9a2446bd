import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { listen } from "@/testing/servers/listening";
import { startMysqlServer } from "@/testing/servers/mysql-server";
import { closedPort } from "@/testing/servers/raw-server";

const trials = createTrials();
afterAll(() => trials.close());

const username = "reports";
const password = "canary-Pa55 wörd:/?#%&+";

function check(port: number, change: object = {}, secrets: Record<string, string> = {}) {
  const properties = {
    server: "127.0.0.1",
    port: String(port),
    database: "sales",
    username,
    tlsMode: "disable",
  };
  return trials.run("mysql", { ...properties, ...change }, { password, ...secrets });
}

/*
 * The server class of mysql2, which verifies the password. Errors as in the "Server Error Message
 * Reference".
 */
describe("a server without encryption", () => {
  it("accepts the sign-in, and the check returns its version", async () => {
    const server = await startMysqlServer({ username, password, databases: ["sales"] });
    const { result, passed } = await check(server.port);
    expect(result).toMatchObject({ ok: true, facts: { serverVersion: "8.4.3" } });
    expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
    expect((await check(server.port, {}, { password: "canary-wrong" })).result).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "password",
    });
    expect((await check(server.port, { database: "nothing" })).result).toMatchObject({
      code: "database_not_found",
      step: "permission",
      field: "database",
    });
    expect((await check(server.port, { tlsMode: "verify-full" })).result).toMatchObject({
      code: "tls_not_offered",
      step: "tls",
      field: "tlsMode",
    });
    await server.close();
  });

  it.each([
    [3118, "account_locked", "username"],
    [4151, "account_locked", "username"],
    [1862, "password_change_required", "password"],
    [1820, "password_change_required", "password"],
    [1130, "not_admitted", "username"],
    [3159, "not_admitted", "tlsMode"],
    [1251, "sign_in_not_offered", "username"],
    [1044, "not_permitted", "database"],
    [1040, "too_many_connections", undefined],
    [1203, "too_many_connections", undefined],
    [1053, "server_not_ready", undefined],
  ])("that refuses with %d causes %s", async (refuseWith, code, field) => {
    const server = await startMysqlServer({ username, password, databases: ["sales"], refuseWith });
    const { result } = await check(server.port);
    await server.close();
    expect(result).toMatchObject({ ok: false, code, ...(field && { field }) });
  });

  it("receives no password that its own key could decrypt", async () => {
    const server = await startKeyThief();
    const { result } = await check(server.port);
    expect(result).toMatchObject({ code: "not_admitted", field: "tlsMode", step: "sign_in" });
    expect(server.asked).toBe(false);
    await server.close();
  });
});

/**
 * The attack: a server requests the whole password by caching_sha2_password ("Caching SHA-2 Pluggable
 * Authentication", MySQL 8.4).
 */
async function startKeyThief() {
  const state = { asked: false };
  const packet = (sequence: number, body: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = sequence;
    return Buffer.concat([head, body]);
  };
  // Protocol 4.1, secure connection, plugin auth; no TLS.
  const capabilities = 0x1 | 0x8 | 0x200 | 0x8000 | 0x80000;
  const greeting = Buffer.concat([
    Buffer.from("\x0a8.4.3\0", "latin1"),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from("12345678\0"),
    Buffer.from([
      capabilities & 0xff,
      (capabilities >> 8) & 0xff,
      45,
      2,
      0,
      (capabilities >> 16) & 0xff,
      0,
      21,
    ]),
    Buffer.alloc(10),
    Buffer.from("123456789012\0caching_sha2_password\0"),
  ]);
  const listening = await listen(
    net.createServer((socket) => {
      socket.on("error", () => {});
      socket.write(packet(0, greeting));
      // Switches the authentication plugin, then requests full authentication: the client requests the key,
      // or sends the password.
      const switched = Buffer.from("\xfecaching_sha2_password\x0012345678901234567890\0", "latin1");
      const answers = [
        switched,
        Buffer.from([1, 4]),
        Buffer.from("\x01-----BEGIN PUBLIC KEY-----", "latin1"),
      ];
      let sequence = 0;
      socket.on("data", () => {
        const answer = answers.shift();
        sequence += 2;
        if (answer === undefined) state.asked = true;
        else socket.write(packet(sequence, answer));
      });
    }),
  );
  return {
    ...listening,
    get asked() {
      return state.asked;
    },
  };
}

const binary = ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/opt/homebrew/bin/mariadbd"].find(
  existsSync,
);

/* Runs only on a machine with a real MariaDB. */
describe.runIf(binary !== undefined)("a real MariaDB", () => {
  let folder: string;
  let authority: Authority;
  let port: number;
  let server: ReturnType<typeof spawn>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvage-mariadb-"));
    authority = await createAuthority("Selvage test authority");
    const { cert, key } = await authority.issue({ names: ["localhost"] });
    await writeFile(join(folder, "server.crt"), cert);
    await writeFile(join(folder, "server.key"), key);
    await writeFile(join(folder, "ca.crt"), authority.cert);
    const data = join(folder, "data");
    const who = `--user=${userInfo().username}`;
    await promisify(execFile)("mariadb-install-db", [
      "--no-defaults",
      `--datadir=${data}`,
      who,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ]);
    port = await closedPort();
    const socket = join(folder, "socket");
    server = spawn(
      binary ?? "",
      [
        "--no-defaults",
        `--datadir=${data}`,
        who,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        `--socket=${socket}`,
        `--ssl-cert=${join(folder, "server.crt")}`,
        `--ssl-key=${join(folder, "server.key")}`,
        `--ssl-ca=${join(folder, "ca.crt")}`,
      ],
      { stdio: "ignore" },
    );
    await vi.waitUntil(() => existsSync(socket), { timeout: 20_000 });
    const owner = await mysql.createConnection({ socketPath: socket, user: "root" });
    for (const query of [
      "CREATE DATABASE sales",
      "CREATE DATABASE shut",
      `CREATE USER '${username}'@'%' IDENTIFIED BY '${password}'`,
      `GRANT SELECT ON sales.* TO '${username}'@'%'`,
      `CREATE USER locked@'%' IDENTIFIED BY '${password}' ACCOUNT LOCK`,
      `CREATE USER expired@'%' IDENTIFIED BY '${password}' PASSWORD EXPIRE`,
      "GRANT SELECT ON sales.* TO expired@'%'",
    ])
      await owner.query(query);
    await owner.end();
  }, 60_000);
  afterAll(async () => {
    server.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it("accepts the sign-in, with and without encryption", async () => {
    expect((await check(port)).result).toMatchObject({ ok: true });
    const verified = { server: "localhost", tlsMode: "verify-full" };
    const { result, passed } = await check(port, verified, { caCertificate: authority.cert });
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect((await check(port, verified)).result).toMatchObject({
      code: "tls_untrusted",
      step: "tls",
      field: "caCertificate",
    });
    expect((await check(port, { tlsMode: "require" })).result).toMatchObject({ ok: true });
  });

  it.each([
    [{}, { password: "canary-wrong" }, "rejected_credentials", "password"],
    [{ username: "nobody" }, {}, "rejected_credentials", "password"],
    [{ username: "locked" }, {}, "account_locked", "username"],
    [{ username: "expired" }, {}, "password_change_required", "password"],
    [{ database: "nothing" }, {}, "not_permitted", "database"],
    [{ database: "shut" }, {}, "not_permitted", "database"],
  ])("causes the right result for %j", async (change, secrets, code, field) => {
    expect((await check(port, change, secrets)).result).toMatchObject({ code, field });
  });
});
