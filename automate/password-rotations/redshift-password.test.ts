import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { md5Hash, newPassword } from "@/automate/password-rotations/new-password";
import { startRestartablePostgres } from "@/testing/restartable-postgres";
import { createTrials } from "@/testing/servers/check-trial";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";
import { createJob } from "@/testing/servers/trial-job";

/*
 * Against a real PostgreSQL that signs users in by MD5, as Redshift does: it takes the same statement, and the hash as
 * Redshift documents it.
 */
const trials = createTrials();
let folder: string;
let server: Awaited<ReturnType<typeof startRestartablePostgres>>;
let owner: pg.Client;
let login: PostgresLogin;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "selvage-md5-"));
  const rules = join(folder, "pg_hba.conf");
  writeFileSync(rules, "host all all 127.0.0.1/32 md5\n");
  chmodSync(folder, 0o755);
  server = await startRestartablePostgres({ flags: [`hba_file=${rules}`] });
  owner = new pg.Client({ connectionString: server.url });
  await owner.connect();
  login = await createPostgresLogin(server.url);
});
afterAll(async () => {
  trials.close();
  await owner.end();
  await server.remove();
  rmSync(folder, { recursive: true });
});

async function stored(): Promise<string> {
  const { rows } = await owner.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [
    login.username,
  ]);
  return rows[0]?.rolpassword;
}

function properties() {
  const { server: host, port, database, username } = login;
  return { server: host, port, database, username, tlsMode: "disable" };
}

function change(user: string, verifier: string, password = login.password) {
  const job = createJob("redshift", properties(), { password });
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

test("the server stores the hash that it would make itself, and the new password signs in", async () => {
  const password = newPassword({ length: 30, alphabet: "symbols" });
  const { result, passed } = await change(login.username, md5Hash(password, login.username));
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
  const check = (sent: string) => trials.run("redshift", properties(), { password: sent });
  expect((await check(password)).result).toMatchObject({ ok: true });
  expect((await check(login.password)).result).toMatchObject({ code: "rejected_credentials" });
  const set = await stored();
  await owner.query("SET password_encryption = 'md5'");
  await owner.query(`ALTER ROLE ${login.username} PASSWORD '${password}'`);
  expect(set).toBe(await stored());
});
