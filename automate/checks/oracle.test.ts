import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/e2e/fakes/certificates";
import { createTrials } from "@/e2e/fakes/check-trial";
import { listen } from "@/e2e/fakes/listening";
import { type OracleServerOptions, startOracleServer } from "@/e2e/fakes/oracle-server";

/* The real driver against a server that answers as its own sources and "Error Help" (docs.oracle.com/error-help/db) say. */
const trials = createTrials();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => trials.close());

const username = "reports";
const password = "canary-Pa55 wörd:/?#%&+";
const service = "ORCLPDB1";

async function check(options: Partial<OracleServerOptions> = {}, sent = password, change: object = {}) {
  const certificate = await authority.issue({ names: ["localhost"] });
  const server = await startOracleServer({ username, password, service, certificate, ...options });
  const where = { server: "localhost", port: String(server.port), username, database: service };
  const { result, passed } = await trials.run(
    "oracle",
    { ...where, ...change },
    {
      password: sent,
      ...(options.certificate === undefined &&
        !("certificate" in options) && { caCertificate: authority.cert }),
    },
  );
  const open = server.openConnections();
  await server.close();
  return { result, passed, open, signIns: server.signIns };
}

it("signs in over TLS and asks for a constant", async () => {
  const { result, passed, signIns } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(signIns).toEqual([username]);
});

it("signs in without TLS where the person wants none", async () => {
  const plain = { certificate: undefined } as unknown as Partial<OracleServerOptions>;
  const { result } = await check(plain, password, { tlsMode: "disable" });
  expect(result).toMatchObject({ ok: true });
});

it("takes the name of an instance where there is no such service, with one sign-in", async () => {
  const { result, signIns } = await check({ service: "other", sid: service });
  expect(result).toMatchObject({ ok: true });
  expect(signIns).toHaveLength(1);
});

it("names the database where there is neither", async () => {
  const { result, signIns } = await check({ service: "other" });
  expect(result).toMatchObject({ code: "database_not_found", step: "sign_in", field: "database" });
  expect(signIns).toEqual([]);
});

it("names the password for a wrong one, after one attempt", async () => {
  const { result, signIns } = await check({}, "canary-wrong");
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
  expect(signIns).toHaveLength(1);
});

describe("is told what the numbers of the server mean", () => {
  it.each([
    [28000, "account_locked", "username"],
    [28001, "password_change_required", "password"],
    [1045, "not_permitted", "username"],
  ])("ORA-%d at the sign-in", async (refuseSignIn, code, field) => {
    expect((await check({ refuseSignIn })).result).toMatchObject({ code, step: "sign_in", field });
  });

  it.each([
    [12528, "server_not_ready"],
    [12520, "too_many_connections"],
  ])("ORA-%d of the listener", async (refuse, code) => {
    expect((await check({ refuse })).result).toMatchObject({ code });
  });

  it("ORA-01031 for a statement", async () => {
    const { result } = await check({ refuseStatement: 1031 });
    expect(result).toMatchObject({ code: "not_permitted", step: "permission", field: "username" });
  });
});

it("does not follow a listener that sends it elsewhere", async () => {
  let dialled = 0;
  const elsewhere = await listen(createServer(() => (dialled += 1)));
  const { result, signIns } = await check({ redirectTo: { host: "127.0.0.1", port: elsewhere.port } });
  expect(result).toMatchObject({ code: "redirected", field: "server" });
  expect([dialled, signIns]).toEqual([0, []]);
  await elsewhere.close();
});

it.each([
  { database: "X)(ADDRESS=(HOST=evil.example)(PORT=1))" },
  { database: "x?wallet_location=/" },
  { server: "db.example.com/x@169.254.169.254" },
])("refuses settings that carry more than a name: %j", async (change) => {
  await expect(check({}, password, change)).rejects.toThrow();
});
