import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { md5Hash, newPassword } from "@/automate/rotations/new-password";
import { createTrials } from "@/testing/servers/check-trial";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";
import { createJob } from "@/testing/servers/trial-job";

/* Against a real PostgreSQL, which takes the same statement, and the MD5 hash as Redshift documents it. */
const trials = createTrials();
const owner = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL ?? "" });
let login: PostgresLogin;

beforeAll(async () => {
  await owner.connect();
  login = await createPostgresLogin(process.env.TEST_DATABASE_URL ?? "");
});
afterAll(async () => {
  trials.close();
  await login.drop();
  await owner.end();
});

async function stored(): Promise<string> {
  const { rows } = await owner.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [
    login.username,
  ]);
  return rows[0]?.rolpassword;
}

function change(user: string, verifier: string, password = login.password) {
  const { server, port, database, username } = login;
  const job = createJob("redshift", { server, port, database, username, tlsMode: "disable" }, { password });
  return trials.runJob({ ...job, change: { user, isOwn: true, verifier } });
}

test.each([
  ["a missing right", "postgres", undefined, "not_permitted", "permission"],
  ["an unknown user", 'no"body', undefined, "password_not_accepted", "permission"],
  ["a wrong password", "postgres", "wrong", "rejected_credentials", "sign_in"],
])("with %s, nothing changes, and the finding says so", async (_, user, password, code, step) => {
  const before = await stored();
  const { result } = await change(user, md5Hash("x", user), password);
  expect(result).toMatchObject({ ok: false, code, step });
  expect(await stored()).toBe(before);
});

test("the server stores the hash that it would make itself, and receives nothing else", async () => {
  const password = newPassword({ length: 30, alphabet: "symbols" });
  const { result, passed } = await change(login.username, md5Hash(password, login.username));
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
  const set = await stored();
  await owner.query("SET password_encryption = 'md5'");
  await owner.query(`ALTER ROLE ${login.username} PASSWORD '${password}'`);
  expect(set).toBe(await stored());
});
