import { afterAll, beforeAll, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { type HanaServerOptions, startHanaServer } from "@/testing/servers/hana-server";
import { startRawServer } from "@/testing/servers/raw-server";
import { checkHana } from "@/worker/kinds/hana";

/*
 * The real driver against a server after "SAP HANA SQL Command Network Protocol" and "SQL Error Codes"
 * (help.sap.com).
 */
const trials = createTrials();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => trials.close());

const username = "REPORTS";
const password = "canary-Pa55 wörd:/?#%&+";

async function check(
  options: Partial<HanaServerOptions> = {},
  sent = password,
  change: object = {},
  egressAllow?: string[],
) {
  const certificate = await authority.issue({ names: ["localhost"] });
  const server = await startHanaServer({ username, password, certificate, ...options });
  const where = { authType: "pwd", host: "localhost", port: String(server.port), username };
  const { result, passed } = await trials.run(
    "hana",
    { ...where, ...change },
    { password: sent, caCertificate: authority.cert },
    egressAllow && { egressAllow },
  );
  await server.close();
  return { result, passed, signIns: server.signIns, offered: server.offered, names: server.names };
}

it("signs in over TLS and reads a constant", async () => {
  const { result, passed, signIns, names } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(names).toEqual(["localhost"]);
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(signIns).toEqual([username]);
});

it("names the password after one attempt with a wrong one", async () => {
  const { result, signIns } = await check({}, "canary-wrong");
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
  expect(signIns).toHaveLength(1);
});

it.each([
  [414, "password_change_required", "password"],
  [415, "account_locked", "username"],
  [416, "account_locked", "username"],
  [9999, "unexpected", undefined],
])("maps error %d", async (refuseSignIn, code, field) => {
  const { result } = await check({ refuseSignIn });
  expect(result).toMatchObject({ code, step: "sign_in", ...(field && { field }) });
});

it.each(["LDAP", "JWT"])("does not sign in by %s, which the driver did not offer", async (method) => {
  const { result, signIns, offered } = await check({ method });
  expect(result).toMatchObject({ code: "sign_in_not_offered", step: "sign_in", field: "username" });
  expect(offered).toEqual(["SCRAMPBKDF2SHA256", "SCRAMSHA256"]);
  expect(signIns).toEqual([]);
});

it("signs in without TLS when the connection disables it", async () => {
  const server = await startHanaServer({ username, password });
  const where = { authType: "pwd", host: "localhost", port: String(server.port), username };
  const { result } = await trials.run("hana", { ...where, tlsMode: "disable" }, { password });
  await server.close();
  expect(result).toMatchObject({ ok: true });
});

it("reports a missing right", async () => {
  const { result } = await check({ refuseStatement: 258 });
  expect(result).toMatchObject({ code: "not_permitted", step: "permission", field: "username" });
});

it.each([
  ["is short", Buffer.from("short"), "wrong_protocol"],
  ["hangs up", "hang up", "connection_closed"],
  ["says nothing", "silent", "timed_out"],
] as const)("without TLS, reports a server that is not SAP HANA and %s", async (_what, behaviour, code) => {
  const stranger = await startRawServer(behaviour);
  const where = { authType: "pwd", host: "localhost", port: String(stranger.port), username };
  const properties = { ...where, tlsMode: "disable" };
  const { result } = await trials.run(
    "hana",
    properties,
    { password },
    code === "timed_out" ? { timeoutMs: 5000 } : {},
  );
  expect(result).toMatchObject({ ok: false, code });
  await expect.poll(() => stranger.openConnections()).toBe(0);
  await stranger.close();
});

it("dials through the guard", async () => {
  const { result, signIns } = await check({}, password, {}, []);
  expect(result).toMatchObject({ code: "address_refused", step: "network", field: "host" });
  expect(signIns).toEqual([]);
});

it("refuses a host that contains more than a name", async () => {
  await expect(check({}, password, { host: "db.example.com/x@169.254.169.254" })).rejects.toThrow();
});

it.each([
  ["of Selvage", new TypeError("Cannot read properties of undefined")],
  ["about a driver without the internal functions", new Error("The driver lacks the internal functions.")],
])("does not blame the server for an error %s", (_which, error) => {
  expect(checkHana.explain(error, { authType: "pwd", tlsMode: "verify-full" })).toBeNull();
});

it("reports that Selvage cannot use a user key", async () => {
  const { result } = await trials.run("hana", { authType: "userkey" }, { userkey: "canary-key" });
  expect(result).toMatchObject({ code: "method_not_supported", step: "sign_in", field: "authType" });
});
