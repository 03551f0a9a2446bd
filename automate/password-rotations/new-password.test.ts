import pg from "pg";
import { expect, test } from "vitest";
import { nativeHash, newPassword, scramVerifier } from "@/automate/password-rotations/new-password";
import { passwordChangeSchema } from "@/worker/protocol";

test("a password has its length, only its characters, and one of each set", () => {
  const seen = new Set<string>();
  for (let n = 0; n < 500; n += 1) {
    const plain = newPassword({ length: 16, alphabet: "letters_digits" });
    expect(plain).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{16}$/);
    const rich = newPassword({ length: 40, alphabet: "symbols" });
    expect(rich).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[_.~-])[A-Za-z\d_.~-]{40}$/);
    seen.add(plain).add(rich);
  }
  expect(seen.size).toBe(1000);
});

test("MariaDB's hash is that of its function PASSWORD()", () => {
  // SELECT PASSWORD('mypass'), in the reference of MariaDB and of MySQL 5.7.
  expect(nativeHash("mypass")).toBe("*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4");
});

test("a SCRAM verifier is the one that PostgreSQL would store, and passes the worker's protocol", async () => {
  // A verifier that psql's \password made of "pencil", with its salt.
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL ?? "" });
  await client.connect();
  const name = `scram_${process.pid}_${Date.now()}`;
  try {
    await client.query("SET password_encryption = 'scram-sha-256'");
    await client.query(`CREATE ROLE ${name} PASSWORD 'pencil'`);
    const { rows } = await client.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [name]);
    const stored = String(rows[0]?.rolpassword);
    const [, rounds = "", salt = ""] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored) ?? [];
    expect(scramVerifier("pencil", Buffer.from(salt, "base64"), Number(rounds))).toBe(stored);
  } finally {
    await client.query(`DROP ROLE IF EXISTS ${name}`);
    await client.end();
  }
  const change = { user: "etl", isOwn: true, verifier: scramVerifier("x") };
  expect(passwordChangeSchema.safeParse(change).success).toBe(true);
  const injected = { ...change, verifier: `${change.verifier}' SUPERUSER` };
  expect(passwordChangeSchema.safeParse(injected).success).toBe(false);
});
