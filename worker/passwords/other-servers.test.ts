import { createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { type OracleServerOptions, startOracleServer } from "@/testing/servers/oracle-server";
import type { ServiceReply } from "@/testing/servers/service-replies";
import {
  createKey,
  fingerprintOf,
  snowflakeKey,
  snowflakeProperties,
  startSnowflake,
} from "@/testing/servers/snowflake-server";
import { startTdsServer, type TdsServerOptions } from "@/testing/servers/tds-server";
import { createJob, type StandIns } from "@/testing/servers/trial-job";

/*
 * The real clients against servers that follow the vendors' documents. No server of these vendors was asked. What
 * PostgreSQL does is in automate/password-rotations, and what MariaDB does in testing/peers.
 */
const standIns: StandIns = { routes: {}, authorities: [] };
const trials = createTrials();
const routed = createTrials(standIns);
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterAll(() => {
  trials.close();
  routed.close();
});

const username = "reports";
const password = "canary-Pa55 wörd:'/?#%&+";
const next = "canary-of-the-next.one_2";
const certificate = () => authority.issue({ names: ["localhost"] });

describe.each([
  ["mssql", {}],
  ["synapse", { database: "pool1" }],
])("a login of %s", (kind, properties) => {
  async function change(options: Partial<TdsServerOptions>, user: string, isOwn: boolean) {
    const statements: string[] = [];
    const server = await startTdsServer({
      ...{ username, password, databases: ["master"], certificate: await certificate() },
      onBatch: (statement) => void statements.push(statement),
      ...options,
    });
    const where = { server: "localhost", port: String(server.port), username, ...properties };
    const job = createJob(kind, where, { password, caCertificate: authority.cert });
    const { result, passed } = await trials.runJob({ ...job, change: { user, isOwn, password: next } });
    await server.close();
    return { result, passed, statements: statements.filter((one) => !/^set /i.test(one)), all: statements };
  }

  test("changes its own password with the former one, encrypted and in master", async () => {
    const { result, passed, statements, all } = await change({}, username, true);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(statements).toEqual([
      `ALTER LOGIN [reports] WITH PASSWORD = N'${next}' OLD_PASSWORD = N'canary-Pa55 wörd:''/?#%&+'`,
    ]);
    expect(all).toContain("SET LOCK_TIMEOUT 8000");
  });

  test("gets its password from an administrator without the former one", async () => {
    const { statements } = await change({}, "etl_b", false);
    expect(statements).toEqual([`ALTER LOGIN [etl_b] WITH PASSWORD = N'${next}'`]);
  });

  test.each([
    [15151, "not_permitted"],
    [15118, "password_not_accepted"],
  ])("is refused with %i, and the finding says so", async (number, code) => {
    const onBatch = (statement: string) => (statement.startsWith("ALTER") ? number : undefined);
    const { result } = await change({ onBatch }, username, true);
    expect(result).toMatchObject({ ok: false, code, step: "permission" });
  });

  test("that has no access to master sends no statement", async () => {
    const { result, all } = await change({ databases: ["pool1"] }, username, true);
    expect(result).toMatchObject({ ok: false, code: "database_not_found" });
    expect(all).toEqual([]);
  });
});

describe("a user of Oracle", () => {
  async function change(
    options: Partial<OracleServerOptions>,
    user: string,
    isOwn: boolean,
    sent = password,
  ) {
    const statements: string[] = [];
    const name = "SERVICE_NAME=sales";
    const server = await startOracleServer({
      ...{ username, password, name, certificate: await certificate() },
      onAlter: (statement) => void statements.push(statement),
      ...options,
    });
    const where = { server: "localhost", port: String(server.port), username, database: "sales" };
    const job = createJob("oracle", where, { password: sent, caCertificate: authority.cert });
    const { result, passed } = await trials.runJob({ ...job, change: { user, isOwn, password: next } });
    await server.close();
    return { result, passed, statements };
  }

  test("changes its own password with the former one", async () => {
    const { result, passed, statements } = await change(
      { password: "canary-Pa55 w:'/" },
      username,
      true,
      "canary-Pa55 w:'/",
    );
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(statements).toEqual([`ALTER USER "REPORTS" IDENTIFIED BY "${next}" REPLACE "canary-Pa55 w:'/"`]);
  });

  test("gets its password from an administrator without the former one", async () => {
    const { result, statements } = await change({}, "etl_b", false);
    expect(result).toMatchObject({ ok: true });
    expect(statements).toEqual([`ALTER USER "ETL_B" IDENTIFIED BY "${next}"`]);
  });

  test.each([
    [1031, "not_permitted"],
    [28221, "not_permitted"],
    [28003, "password_not_accepted"],
    [28007, "password_not_accepted"],
    [1918, "password_not_accepted"],
  ])("is refused with ORA-%i, and the finding says so", async (refuseStatement, code) => {
    const { result } = await change({ refuseStatement }, username, true);
    expect(result).toMatchObject({ ok: false, code, step: "permission" });
  });
});

describe("a user of Snowflake", () => {
  const own = createPublicKey(snowflakeKey);
  const other = createPublicKey(createKey());
  const fresh = createPublicKey(createKey());
  const verifier = fresh.export({ type: "spki", format: "der" }).toString("base64");
  const rows = (...data: (string | null)[][]): ServiceReply => ({ status: 200, body: { data } });

  /** Sets a key of a user with these two, of which one signs in. */
  async function change(keys: (typeof own | null)[], refuseWith?: ServiceReply) {
    const statements: string[] = [];
    const [first, second] = keys.map((key) => key && fingerprintOf(key));
    const onStatement = (statement: string) => {
      statements.push(statement);
      if (statement.startsWith("ALTER")) return refuseWith ?? rows(["Statement executed successfully."]);
      if (statement.startsWith("SELECT")) return rows(["Etl User"]);
      return rows(
        ["NAME", "Etl User", null, "Name"],
        ["RSA_PUBLIC_KEY_FP", first ?? null, null, ""],
        ["RSA_PUBLIC_KEY_2_FP", second ?? null, null, ""],
      );
    };
    const service = await startSnowflake(authority, {}, { onStatement });
    standIns.routes = service.routes;
    const job = createJob(
      "snowflake",
      { ...snowflakeProperties, authType: "key_pair" },
      { privateKey: snowflakeKey },
    );
    const { result, passed } = await routed.runJob({
      ...job,
      change: { user: "etl", isOwn: true, verifier },
    });
    await service.close();
    return { result, passed, statements };
  }

  test.each([
    ["the second", [own, null], "RSA_PUBLIC_KEY_2"],
    ["the second, in place of the key before", [own, other], "RSA_PUBLIC_KEY_2"],
    ["the first", [other, own], "RSA_PUBLIC_KEY"],
  ] as const)("sets a new public key in %s slot, which it does not sign in by", async (_, keys, slot) => {
    const { result, passed, statements } = await change([...keys]);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(statements).toEqual([
      "SELECT CURRENT_USER()",
      'DESCRIBE USER "Etl User"',
      `ALTER USER "Etl User" SET ${slot} = '${verifier}'`,
    ]);
  });

  test("changes nothing where no slot has the key that signs in", async () => {
    const { result, statements } = await change([other, null]);
    expect(result).toMatchObject({ ok: false, code: "unexpected_answer", step: "sign_in" });
    expect(statements.filter((one) => one.startsWith("ALTER"))).toEqual([]);
  });

  test.each([
    [422, { code: "003001", message: "SQL access control error: Insufficient privileges" }, "not_permitted"],
    [408, {}, "timed_out"],
  ])("is refused with the status %i, and the finding says so", async (status, body, code) => {
    const { result } = await change([own, null], { status, body });
    expect(result).toMatchObject({ ok: false, code, step: "permission" });
  });
});
