import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials, type TrialOptions } from "@/testing/servers/check-trial";
import { createPostgresLogin, type PostgresLogin, servePostgresTls } from "@/testing/servers/postgres-login";
import { closedPort, startRawServer } from "@/testing/servers/raw-server";

const adminUrl = process.env.TEST_DATABASE_URL ?? "";
const trials = createTrials();
let login: PostgresLogin;
let authority: Authority;

beforeAll(async () => {
  login = await createPostgresLogin(adminUrl, { password: "canary-Pa55 wörd:/?#%&+" });
  const own = new URL(adminUrl);
  own.pathname = login.database;
  const owner = new pg.Client({ connectionString: own.href });
  await owner.connect();
  await owner.query("CREATE SCHEMA shut");
  await owner.end();
  authority = await createAuthority("Selvage test authority");
});
afterAll(async () => {
  trials.close();
  await servePostgresTls(adminUrl, null);
  await login.drop();
});

function check(change: object = {}, secrets: Record<string, string> = {}, options: TrialOptions = {}) {
  const { server, port, database, username, password } = login;
  const properties = { server, port, database, username, tlsMode: "disable", ...change };
  return trials.run("postgres", properties, { password, ...secrets }, options);
}

describe("without encryption", () => {
  it("signs in with a password of any characters and returns the server's version", async () => {
    const { result, events } = await check();
    expect(result).toMatchObject({ ok: true, facts: { serverVersion: expect.stringMatching(/^\d+\.\d+$/) } });
    expect(
      events.map((event) => (event.type === "step" ? `${event.step} ${event.state}` : event.type)),
    ).toEqual([
      "name started",
      "name passed",
      "network started",
      "network passed",
      "tls skipped",
      "sign_in started",
      "sign_in passed",
      "permission started",
      "permission passed",
      "result",
    ]);
  });

  it("names the password for a wrong password and for an unknown user", async () => {
    const wrong = { ok: false, code: "rejected_credentials", step: "sign_in", field: "password" };
    expect((await check({}, { password: "canary-wrong" })).result).toMatchObject(wrong);
    expect((await check({ username: "nobody_here" })).result).toMatchObject(wrong);
  });

  it("names the database when it is missing or this user may not connect to it", async () => {
    expect((await check({ database: "nothing_here" })).result).toMatchObject({
      code: "database_not_found",
      field: "database",
      step: "permission",
    });
    const shut = await createPostgresLogin(adminUrl, { canConnect: false });
    const { result } = await check(
      { username: shut.username, database: shut.database },
      { password: shut.password },
    );
    await shut.drop();
    expect(result).toMatchObject({ code: "not_permitted", field: "database", step: "permission" });
  });

  it("does not send a password with NUL, which would cut it short", async () => {
    expect((await check({}, { password: "canary\0rest" })).result).toMatchObject({
      code: "secret_malformed",
    });
  });
});

describe("the schema of the connection", () => {
  it("must exist and be open to this user", async () => {
    expect((await check({ schema: "public" })).result).toMatchObject({ ok: true });
    const finding = async (schema: string) => (await check({ schema })).result;
    expect(await finding("Public")).toMatchObject({
      code: "schema_not_found",
      field: "schema",
      step: "permission",
    });
    expect(await finding("shut")).toMatchObject({
      code: "not_permitted",
      field: "schema",
      step: "permission",
    });
  });
});

describe("network", () => {
  it("distinguishes a closed port from a missing name", async () => {
    expect((await check({ port: String(await closedPort()) })).result).toMatchObject({
      code: "connection_refused",
      step: "network",
      field: "port",
    });
    expect((await check({ server: "No-Such-Höst.invalid." })).result).toMatchObject({
      code: expect.stringMatching(/^name_/),
      step: "name",
      field: "server",
    });
  });

  it("stops at the time limit, at the current step, and leaves no socket", async () => {
    const silent = await startRawServer("silent");
    const { result } = await check({ port: String(silent.port) }, {}, { timeoutMs: 5000 });
    expect(result).toMatchObject({ code: "timed_out", step: "sign_in" });
    await expect.poll(silent.openConnections).toBe(0);
    await silent.close();
  });

  it("leaves no socket after a cancellation", async () => {
    const silent = await startRawServer("silent");
    const cancel = new AbortController();
    const run = check({ port: String(silent.port) }, {}, { signal: cancel.signal });
    await expect.poll(silent.openConnections, { timeout: 8000 }).toBe(1);
    cancel.abort();
    expect((await run).result).toMatchObject({ code: "cancelled" });
    await expect.poll(silent.openConnections).toBe(0);
    await silent.close();
  });

  const http = Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n");
  const nonsense = Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 37) % 256));
  it.each([
    ["hangs up", "disable", "hang up" as const, "connection_closed"],
    ["hangs up", "verify-full", "hang up" as const, "connection_closed"],
    ["talks HTTP", "disable", http, "connection_closed"],
    ["talks HTTP", "verify-full", http, "wrong_protocol"],
    ["talks nonsense", "disable", nonsense, "connection_closed"],
    ["talks nonsense", "verify-full", nonsense, "wrong_protocol"],
  ])("reports a server that %s, with encryption %s", async (_what, tlsMode, behaviour, code) => {
    const server = await startRawServer(behaviour);
    const { result } = await check({ port: String(server.port), tlsMode }, {}, { timeoutMs: 8000 });
    expect(result).toMatchObject({ ok: false, code });
    await server.close();
  });

  it("dials no loopback address that the operator has not opened, in any spelling", async () => {
    for (const server of ["127.0.0.1", "localhost", "localhost.", "[::ffff:127.0.0.1]"]) {
      const { result } = await check({ server }, {}, { egressAllow: ["10.0.0.0/8"] });
      expect(result, server).toMatchObject({ code: "address_refused", step: "network", field: "server" });
    }
  });
});

describe("with encryption", () => {
  const verified = (extra: Record<string, string> = {}) =>
    check({ server: "localhost", tlsMode: "verify-full" }, { caCertificate: authority.cert, ...extra });

  it("reports a server that offers none", async () => {
    await servePostgresTls(adminUrl, null);
    expect((await verified()).result).toMatchObject({
      code: "tls_not_offered",
      step: "tls",
      field: "tlsMode",
    });
  });

  it("verifies the certificate by the connection's own authority", async () => {
    await servePostgresTls(adminUrl, await authority.issue({ names: ["localhost", "127.0.0.1"] }));
    const { result, passed } = await verified();
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect((await check({ tlsMode: "verify-full" }, { caCertificate: authority.cert })).result).toMatchObject(
      {
        ok: true,
      },
    );
    expect((await check({ server: "localhost", tlsMode: "verify-full" })).result).toMatchObject({
      code: "tls_untrusted",
      step: "tls",
      field: "caCertificate",
    });
    expect((await check({ tlsMode: "require" })).result).toMatchObject({ ok: true });
    expect((await verified({ caCertificate: "canary, no certificate" })).result).toMatchObject({
      code: "ca_certificate_invalid",
      field: "caCertificate",
    });
  });

  it.each([
    ["tls_wrong_name", { names: ["db.example.com"] }],
    [
      "tls_expired",
      { names: ["localhost"], notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") },
    ],
    ["tls_not_yet_valid", { names: ["localhost"], notBefore: new Date(Date.now() + 86_400_000) }],
  ])("fails with %s", async (code, options) => {
    await servePostgresTls(adminUrl, await authority.issue(options));
    expect((await verified()).result).toMatchObject({ code, step: "tls", field: "server" });
  });
});
