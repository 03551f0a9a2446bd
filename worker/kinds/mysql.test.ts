import net from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { createTrials } from "@/testing/servers/check-trial";
import { listen } from "@/testing/servers/listening";
import { startMysqlServer } from "@/testing/servers/mysql-server";

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

  it.each([
    ["10.11.6-MariaDB", "encryption_may_be_required", "tlsMode"],
    ["5.5.5-10.11.6-MariaDB", "encryption_may_be_required", "tlsMode"],
    ["8.4.3", "rejected_credentials", "password"],
  ])("that offers it as %s and refuses the sign-in causes %s", async (offersTlsAs, code, field) => {
    const server = await startMysqlServer({
      username,
      password,
      databases: [],
      refuseWith: 1045,
      offersTlsAs,
    });
    const { result } = await check(server.port);
    await server.close();
    expect(result).toMatchObject({ ok: false, code, field, step: "sign_in" });
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
