import { afterAll, beforeAll, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/e2e/fakes/certificates";
import { createTrials } from "@/e2e/fakes/check-trial";
import { type HanaServerOptions, startHanaServer } from "@/e2e/fakes/hana-server";

/* The real driver against a server after "SAP HANA SQL Command Network Protocol" and "SQL Error Codes" (help.sap.com). */
const trials = createTrials();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => trials.close());

const username = "REPORTS";
const password = "canary-Pa55 wörd:/?#%&+";

async function check(options: Partial<HanaServerOptions> = {}, sent = password, change: object = {}) {
  const certificate = await authority.issue({ names: ["localhost"] });
  const server = await startHanaServer({ username, password, certificate, ...options });
  const where = { authType: "pwd", host: "localhost", port: String(server.port), username };
  const { result, passed } = await trials.run(
    "hana",
    { ...where, ...change },
    { password: sent, caCertificate: authority.cert },
  );
  await server.close();
  return { result, passed, signIns: server.signIns };
}

it("signs in over TLS and asks for a constant", async () => {
  const { result, passed, signIns } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(signIns).toEqual([username]);
});

it("names the password for a wrong one, after one attempt", async () => {
  const { result, signIns } = await check({}, "canary-wrong");
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
  expect(signIns).toHaveLength(1);
});

it.each([
  [414, "password_change_required", "password"],
  [416, "account_locked", "username"],
])("is told what %d means", async (refuseSignIn, code, field) => {
  const { result } = await check({ refuseSignIn });
  expect(result).toMatchObject({ code, step: "sign_in", field });
});

it("finds a missing right", async () => {
  const { result } = await check({ refuseStatement: 258 });
  expect(result).toMatchObject({ code: "not_permitted", step: "permission", field: "username" });
});

it("refuses a host that carries more than a name", async () => {
  await expect(check({}, password, { host: "db.example.com/x@169.254.169.254" })).rejects.toThrow();
});

it("says that a user key cannot be used from here", async () => {
  const { result } = await trials.run("hana", { authType: "userkey" }, { userkey: "canary-key" });
  expect(result).toMatchObject({ code: "sign_in_not_offered", step: "sign_in", field: "authType" });
});
