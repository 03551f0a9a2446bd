import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials, type TrialOptions } from "@/testing/servers/check-trial";
import {
  type MongodbServer,
  type MongodbServerOptions,
  startMongodbServer,
} from "@/testing/servers/mongodb-server";
import type { StandIns } from "@/testing/servers/trial-job";

/* The real driver against a server that follows "MongoDB Wire Protocol" and "Error Codes" of the manual. */
const standIns: StandIns = { routes: {}, authorities: [] };
const trials = createTrials(standIns);
const login = {
  username: "reports",
  password: "canary-Pa55 wörd:/?#%&+",
  database: "sales",
  collections: ["orders", "payroll"],
};
const host = "mongo.example.com";
let authority: Authority;
let server: MongodbServer;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterAll(() => trials.close());
afterEach(() => server.close());

async function check(
  change: object = {},
  password = login.password,
  options: Partial<MongodbServerOptions> = {},
  limits: TrialOptions = {},
) {
  const certificate = await authority.issue({ names: [host] });
  server = await startMongodbServer({ ...login, certificate, shut: ["payroll"], ...options });
  standIns.routes = { [`${host}:27017`]: server.port };
  const { username, database } = login;
  const properties = { protocol: "mongodb", host, username, database, collection: "orders", ...change };
  return trials.run("mongodb", properties, { password }, limits);
}

it("signs in once and reads one id of the collection", async () => {
  const { result, passed } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(server.signIns).toEqual(["reports"]);
});

it("names the password after one attempt with a wrong one", async () => {
  expect((await check({}, "canary-wrong")).result).toMatchObject({
    code: "rejected_credentials",
    step: "sign_in",
    field: "password",
  });
  expect(server.signIns).toHaveLength(1);
});

describe("permission", () => {
  it.each([
    [{ collection: "Orders" }, "collection_not_found"],
    [{ database: "nothing" }, "collection_not_found"],
    [{ collection: "payroll" }, "not_permitted"],
  ])("reports the fault in %j", async (change, code) => {
    expect((await check(change)).result).toMatchObject({ code, step: "permission", field: "collection" });
  });
});

it("reports a server that does not offer TLS", async () => {
  const certificate = undefined as never;
  expect((await check({}, login.password, { certificate })).result).toMatchObject({
    code: "connection_closed",
    step: "tls",
  });
  expect(server.signIns).toEqual([]);
});
