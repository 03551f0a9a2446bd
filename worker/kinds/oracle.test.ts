import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { type OracleServerOptions, startOracleServer } from "@/testing/servers/oracle-server";
import { startRawServer } from "@/testing/servers/raw-server";
import { descriptorOf } from "@/worker/clients/oracle-sign-in";
import { checkOracle } from "@/worker/kinds/oracle";

/*
 * The real driver, in thin mode, against a listener and server after its own source and "Database Error
 * Messages" (docs.oracle.com).
 */
const trials = createTrials();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => trials.close());

const username = "REPORTS";
const password = "canary-Pa55 wörd:/?#%&+";
const database = "sales.example.com";
type Change = { sent?: string; properties?: object; egressAllow?: string[]; names?: string[] };

async function check(
  options: Partial<OracleServerOptions> = {},
  { sent = password, properties, egressAllow, names = ["localhost"] }: Change = {},
) {
  const certificate = await authority.issue({ names });
  const name = `SERVICE_NAME=${database}`;
  const server = await startOracleServer({ username, password, name, certificate, ...options });
  const where = { server: "localhost", port: String(server.port), username, database };
  const { result, passed } = await trials.run(
    "oracle",
    { ...where, ...properties },
    { password: sent, caCertificate: authority.cert },
    egressAllow && { egressAllow },
  );
  await server.close();
  return { result, passed, signIns: server.signIns, descriptors: server.descriptors };
}

it("loads the whole driver before a check", async () => {
  await checkOracle.preload?.();
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  expect(loaded.filter((path) => path.endsWith("oracledb/lib/thin/connection.js"))).toHaveLength(1);
});

describe("signing in", () => {
  it("works over TLS and reads a constant", async () => {
    const { result, passed, signIns, descriptors } = await check();
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(signIns).toEqual([username]);
    expect(descriptors).toHaveLength(1);
  });

  it("sends the server no details of this machine", async () => {
    const { descriptors } = await check();
    expect(descriptors.join()).toContain("(CID=(PROGRAM=selvage)(HOST=selvage)(USER=selvage))");
  });

  it("works without TLS when the connection disables it", async () => {
    const server = await startOracleServer({ username, password, name: `SERVICE_NAME=${database}` });
    const where = { server: "localhost", port: String(server.port), username, database };
    const { result } = await trials.run("oracle", { ...where, tlsMode: "disable" }, { password });
    await server.close();
    expect(result).toMatchObject({ ok: true });
  });

  it("finds a database by its SID when no service has this name", async () => {
    const { result, signIns, descriptors } = await check({ name: `SID=${database}` });
    expect(result).toMatchObject({ ok: true });
    expect(descriptors).toHaveLength(2);
    expect(signIns).toEqual([username]);
  });

  it("names the password after one attempt with a wrong one", async () => {
    const { result, signIns } = await check({}, { sent: "canary-wrong" });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
    expect(signIns).toHaveLength(1);
  });

  it.each([
    [28000, "account_locked", "sign_in", "username"],
    [28001, "password_change_required", "sign_in", "password"],
    [1045, "not_permitted", "permission", "username"],
    [28040, "sign_in_not_offered", "sign_in", "username"],
    [1035, "not_admitted", "sign_in", "username"],
    [2391, "too_many_connections", "sign_in", undefined],
    [1033, "server_not_ready", "sign_in", undefined],
    [9999, "unexpected", "sign_in", undefined],
  ])("maps ORA-%d", async (refuseSignIn, code, step, field) => {
    const { result, signIns } = await check({ refuseSignIn });
    expect(result).toMatchObject({ ok: false, code, step, ...(field && { field }) });
    expect(signIns).toHaveLength(1);
  });

  it("reports a missing right", async () => {
    const { result } = await check({ refuseStatement: 1031 });
    expect(result).toMatchObject({ code: "not_permitted", step: "permission", field: "username" });
  });
});

describe("a listener", () => {
  it.each([
    [12506, "not_admitted", "server"],
    [12529, "not_admitted", "server"],
    [12660, "not_admitted", "tlsMode"],
    [12519, "too_many_connections", undefined],
    [12528, "server_not_ready", undefined],
    [null, "not_admitted", "server"],
    [9999, "unexpected", undefined],
  ])("that refuses with %s gets the matching code", async (refuseConnect, code, field) => {
    const { result, signIns } = await check({ refuseConnect });
    expect(result).toMatchObject({ ok: false, code, step: "sign_in", ...(field && { field }) });
    expect(signIns).toEqual([]);
  });

  it("that knows neither service nor SID causes that result, without a sign-in", async () => {
    const { result, signIns, descriptors } = await check({ name: "SERVICE_NAME=another" });
    expect(result).toMatchObject({ code: "database_not_found", step: "sign_in", field: "database" });
    expect(descriptors).toHaveLength(2);
    expect(signIns).toEqual([]);
  });

  it.each(["127.0.0.1", "localhost", "elsewhere.example.com"])(
    "cannot redirect the check to %s",
    async (host) => {
      const other = await startRawServer("silent");
      const redirectTo = `(ADDRESS=(PROTOCOL=tcps)(HOST=${host})(PORT=${other.port}))`;
      const { result } = await check({ redirectTo });
      expect(result).toMatchObject({ code: "redirected", step: "sign_in", field: "server" });
      expect(other.openConnections()).toBe(0);
      await other.close();
    },
  );
});

it.each([
  ["talks HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), "connection_closed"],
  ["talks nonsense", Buffer.from([0, 9, 0, 0, 99, 0, 0, 0, 7]), "wrong_protocol"],
  ["says nothing", "silent", "timed_out"],
] as const)(
  "without TLS, the check reports a server that is not Oracle and %s",
  async (_what, behaviour, code) => {
    const stranger = await startRawServer(behaviour);
    const where = {
      server: "localhost",
      port: String(stranger.port),
      username,
      database,
      tlsMode: "disable",
    };
    const { result } = await trials.run("oracle", where, { password }, { timeoutMs: 5000 });
    expect(result).toMatchObject({ ok: false, code, step: "sign_in" });
    await expect.poll(() => stranger.openConnections()).toBe(0);
    await stranger.close();
  },
);

it("dials through the guard", async () => {
  const { result, descriptors } = await check({}, { egressAllow: [] });
  expect(result).toMatchObject({ code: "address_refused", step: "network", field: "server" });
  expect(descriptors).toEqual([]);
});

describe("a certificate", () => {
  it("for another name is refused, and accepted when the connection requires only encryption", async () => {
    const names = ["elsewhere.example.com"];
    expect((await check({}, { names })).result).toMatchObject({ code: "tls_wrong_name", step: "tls" });
    const properties = { tlsMode: "require" };
    expect((await check({}, { names, properties })).result).toMatchObject({ ok: true });
  });
});

describe("the connect descriptor", () => {
  it.each([
    ["database", "x)(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=80))"],
    ["database", "x/y"],
    ["database", "x=y"],
    ["database", 'x"y'],
    ["server", "db.example.com/x@169.254.169.254"],
    ["port", "1521)(HOST=x"],
  ])("accepts no syntax from the field %s", async (field, value) => {
    await expect(check({}, { properties: { [field]: value } })).rejects.toThrow();
  });

  it("contains nothing else, whatever the form accepted", () => {
    const login = { port: "1521", database: "x)(SID=y", tlsMode: "disable" } as const;
    expect(() => descriptorOf(login, "SID")).toThrow("misconfigured");
  });
});
