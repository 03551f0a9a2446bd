import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPassword, scramVerifier } from "@/automate/password-rotations/new-password";
import { createTrials } from "@/testing/servers/check-trial";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";
import { createJob } from "@/testing/servers/trial-job";
import type { PasswordChange } from "@/worker/protocol";

const trials = createTrials();
let admin: PostgresLogin;
let role: PostgresLogin;

beforeAll(async () => {
  const url = process.env.TEST_DATABASE_URL ?? "";
  admin = await createPostgresLogin(url);
  role = await createPostgresLogin(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`ALTER ROLE ${admin.username} CREATEROLE`);
  await client.query(`GRANT ${role.username} TO ${admin.username} WITH ADMIN OPTION`);
  await client.end();
});

afterAll(async () => {
  trials.close();
  await role.drop();
  await admin.drop();
});

function change(login: PostgresLogin, password: string, own: PasswordChange) {
  const { server, port, database, username } = login;
  const job = createJob("postgres", { server, port, database, username, tlsMode: "disable" }, { password });
  return trials.runJob({ ...job, change: own });
}

async function signsIn(login: PostgresLogin, password: string): Promise<boolean> {
  const client = new pg.Client({
    host: login.server,
    port: Number(login.port),
    database: login.database,
    user: login.username,
    password,
  });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

test("a user changes its own password, and the server receives only a verifier", async () => {
  const next = newPassword({ length: 32, alphabet: "symbols" });
  const verifier = scramVerifier(next);
  const { result, passed } = await change(role, role.password, {
    user: role.username,
    isOwn: true,
    verifier,
  });
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
  expect(await signsIn(role, next)).toBe(true);
  expect(await signsIn(role, role.password)).toBe(false);
});

test("an administrator sets another user's password", async () => {
  const next = newPassword({ length: 16, alphabet: "letters_digits" });
  const verifier = scramVerifier(next);
  const own = { user: role.username, isOwn: false, verifier };
  expect((await change(admin, admin.password, own)).result).toMatchObject({ ok: true });
  expect(await signsIn(role, next)).toBe(true);
});

test.each([
  ["a wrong password", {}, "wrong", "rejected_credentials", "sign_in"],
  ["a missing right", { user: "postgres" }, undefined, "not_permitted", "permission"],
  ["an unknown user", { user: 'no"body' }, undefined, "password_not_accepted", "permission"],
])("with %s, nothing changes, and the finding says so", async (_, other, password, code, step) => {
  const before = newPassword({ length: 16, alphabet: "letters_digits" });
  await change(admin, admin.password, {
    user: role.username,
    isOwn: false,
    verifier: scramVerifier(before),
  });
  const own = { user: role.username, isOwn: false, verifier: scramVerifier("x"), ...other };
  const { result } = await change(admin, password ?? admin.password, own);
  expect(result).toMatchObject({ ok: false, code, step });
  expect(await signsIn(role, before)).toBe(true);
});
