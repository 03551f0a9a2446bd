import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { startTdsServer, type TdsServerOptions } from "@/testing/servers/tds-server";

/*
 * The real client against a server that follows [MS-TDS] and "Database engine events and errors"
 * (learn.microsoft.com).
 */
const trials = createTrials();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => trials.close());

const username = "reports";
const password = "canary-Pa55 wörd:/?#%&+";
type Change = { kind?: string; properties?: object; secrets?: Record<string, string> };

async function check(
  options: Partial<TdsServerOptions>,
  { kind = "mssql", properties, secrets }: Change = {},
) {
  const server = await startTdsServer({ username, password, ...options });
  const where = { server: "localhost", port: String(server.port), username };
  const { result, passed } = await trials.run(
    kind,
    { ...where, ...properties },
    { password, caCertificate: authority.cert, ...secrets },
  );
  await server.close();
  return { result, passed, logins: server.logins };
}

const certificate = () => authority.issue({ names: ["localhost"] });

describe("encryption", () => {
  it("protects the sign-in when the server requires it", async () => {
    const { result, passed, logins } = await check({ certificate: await certificate() });
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(logins).toEqual([{ user: username, isEncrypted: true }]);
  });

  it("is required: without it the client sends nothing", async () => {
    const { result, logins } = await check({});
    expect(result).toMatchObject({ code: "tls_not_offered", step: "tls", field: "tlsMode" });
    expect(logins).toEqual([]);
  });

  it.each([
    ["tls_wrong_name", { names: ["elsewhere.example.com"] }, "server"],
    [
      "tls_expired",
      { names: ["localhost"], notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") },
      "server",
    ],
  ])("fails with %s", async (code, options, field) => {
    const { result, logins } = await check({ certificate: await authority.issue(options) });
    expect(result).toMatchObject({ code, step: "tls", field });
    expect(logins).toEqual([]);
  });

  it("is the field that the check names when the server requires it and the connection lacks it", async () => {
    const { result } = await check(
      { certificate: await certificate() },
      { properties: { tlsMode: "disable" } },
    );
    expect(result).toMatchObject({ code: "not_admitted", field: "tlsMode" });
  });
});

it("the check reads the database of a dedicated pool", async () => {
  const pool = { certificate: await certificate(), databases: ["pool1"] };
  const synapse = (database: string) => check(pool, { kind: "synapse", properties: { database } });
  expect((await synapse("pool1")).result).toMatchObject({ ok: true });
  expect((await synapse("pool2")).result).toMatchObject({
    code: "database_not_found",
    step: "permission",
    field: "database",
  });
});

it("the check names the password after one attempt with a wrong one", async () => {
  const { result, logins } = await check(
    { certificate: await certificate() },
    { secrets: { password: "canary-wrong" } },
  );
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
  expect(logins).toHaveLength(1);
});

it.each([
  [[18486], "account_locked", "username"],
  [[18470], "account_locked", "username"],
  [[18487], "password_change_required", "password"],
  [[18488], "password_change_required", "password"],
  [[40615], "not_admitted", "server"],
  [[4060, 18456], "database_not_found", "database"],
  [[916], "not_permitted", "database"],
  [[10928], "too_many_connections", undefined],
  [[40613], "server_not_ready", undefined],
])("the check maps %j to its code", async (refuseWith, code, field) => {
  const { result, logins } = await check({ certificate: await certificate(), refuseWith });
  expect(result).toMatchObject({ ok: false, code, ...(field && { field }) });
  expect(logins).toHaveLength(1);
});

it("sends the password once to a server that routes to another one, and dials no other", async () => {
  const other = await startTdsServer({ username, password });
  const { result, logins } = await check(
    { routeTo: { host: "localhost", port: other.port } },
    { properties: { tlsMode: "disable" } },
  );
  await other.close();
  expect(result).toMatchObject({ code: "redirected", step: "sign_in", field: "server" });
  expect(logins).toHaveLength(1);
  expect(other.logins).toEqual([]);
});
