import { afterAll, beforeAll, expect, it } from "vitest";
import { createTrials } from "@/testing/servers/check-trial";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";

/*
 * Against a real PostgreSQL: a cluster speaks its protocol ("Amazon Redshift and PostgreSQL",
 * docs.aws.amazon.com).
 */
const adminUrl = process.env.TEST_DATABASE_URL ?? "";
const trials = createTrials();
let login: PostgresLogin;

beforeAll(async () => {
  login = await createPostgresLogin(adminUrl, { password: "canary-of-redshift" });
});
afterAll(async () => {
  trials.close();
  await login.drop();
});

function check(change: object = {}, password = login.password) {
  const { server, port, database, username } = login;
  const properties = { server, port, database, username, tlsMode: "disable", ...change };
  return trials.run("redshift", properties, { password });
}

it("signs in and reads a constant", async () => {
  const { result, passed } = await check();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
});

it("names the wrong field", async () => {
  expect((await check({}, "canary-wrong")).result).toMatchObject({
    code: "rejected_credentials",
    step: "sign_in",
    field: "password",
  });
  expect((await check({ database: "nothing_here" })).result).toMatchObject({
    code: "database_not_found",
    step: "permission",
    field: "database",
  });
});

it("does not continue without the required encryption", async () => {
  expect((await check({ tlsMode: "verify-full" })).result).toMatchObject({
    code: "tls_not_offered",
    field: "tlsMode",
  });
});
