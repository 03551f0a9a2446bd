import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type DemoLogin, startDemoDatabase } from "@/launcher/demo-database.mjs";

let dataDir: string;
let login: DemoLogin;
const parts: { stop: () => Promise<void> }[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "selvage-demo-"));
  await chmod(dataDir, 0o711);
  login = await create();
});
afterEach(stopAll);
afterAll(() => rm(dataDir, { recursive: true }));

async function stopAll() {
  for (const part of parts.splice(0)) await part.stop();
}

function start(isNew: boolean, reservedPorts: number[] = []) {
  return startDemoDatabase({ dataDir, isNew, reservedPorts, stopLater: (part) => parts.push(part) });
}

async function create(): Promise<DemoLogin> {
  const { login: made } = await start(true);
  if (made === undefined) throw new Error("A new demo database has a login.");
  return made;
}

/** Runs a query as the demo's login, over TLS verified by its authority. */
async function query(sql: string, { caCertificate, ...settings }: DemoLogin, more: object = {}) {
  const ssl = { ca: caCertificate, servername: "localhost" };
  const client = new Client({ ...settings, user: settings.username, ssl, ...more });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("a new demo database", () => {
  it("has the orders since 2019, the same in every installation", async () => {
    await start(false);
    expect(await query("SELECT count(*)::int AS n, min(ordered_on)::text FROM orders", login)).toEqual([
      { n: 3600, min: "2019-01-06" },
    ]);
    const sales = `SELECT sum(metres * price_per_metre)::text AS eur, count(DISTINCT customer_id)::int AS customers
      FROM orders JOIN order_line ON order_id = orders.id JOIN product ON product.id = product_id`;
    expect(await query(sales, login)).toEqual([{ eur: "5147655.00", customers: 120 }]);
  });

  it("admits one login, over TLS, with its password, which only reads", async () => {
    await start(false);
    await expect(query("SELECT 1", { ...login, password: "wrong" })).rejects.toMatchObject({ code: "28P01" });
    for (const more of [{ ssl: false }, { user: "postgres" }, { database: "postgres" }])
      await expect(query("SELECT 1", login, more)).rejects.toMatchObject({ code: "28000" });
    for (const sql of ["DELETE FROM orders", "CREATE TABLE mine (id int)", "CREATE TEMP TABLE mine (id int)"])
      await expect(query(sql, login)).rejects.toMatchObject({ code: "42501" });
    const rights =
      "SELECT rolsuper OR rolcreaterole OR rolcreatedb AS any FROM pg_roles WHERE rolname = $$orders_reader$$";
    expect(await query(rights, login)).toEqual([{ any: false }]);
  });

  it("has a certificate of its authority for localhost and 127.0.0.1, which expires after more than ten years", async () => {
    await start(false);
    const certificate = await served(login.port);
    const authority = new X509Certificate(login.caCertificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(authority.ca).toBe(true);
    for (const one of [certificate, authority])
      expect(new Date(one.validTo).getFullYear()).toBeGreaterThan(new Date().getFullYear() + 10);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(await readFile(join(dataDir, "demo/ca.pem"), "utf8")).toBe(login.caCertificate);
  });
});

describe("a later start", () => {
  it("has the same port, password and authority", async () => {
    const first = await start(false);
    await stopAll();
    const second = await start(false);
    expect([first.port, second.port]).toEqual([login.port, login.port]);
    expect([first.login, second.login]).toEqual([undefined, undefined]);
    expect(await query("SELECT 1 AS one", login)).toEqual([{ one: 1 }]);
  });

  it("stops the server that a killed launcher left", async () => {
    await start(false);
    parts.splice(0);
    expect((await start(false)).port).toBe(login.port);
    expect(await query("SELECT 1 AS one", login)).toEqual([{ one: 1 }]);
  });

  it("leaves a taken port alone, and says so", async () => {
    const other = createServer().listen(login.port, "127.0.0.1");
    const taken = {
      notice: expect.stringContaining(
        `Port ${login.port}, which the demo's database uses, is already in use`,
      ),
    };
    expect(await start(false)).toEqual(taken);
    other.close();
    expect(await start(false, [3000, login.port])).toEqual(taken);
    expect(parts).toEqual([]);
  });

  it("makes no new database in place of a missing one, and says so", async () => {
    const missing = `The demo's database in ${join(dataDir, "demo")} is missing or damaged. A backup of Selvage does not contain it: put your own copy of this folder back.`;
    for (const name of ["demo/pg", "demo/port", "demo"]) {
      await rename(join(dataDir, name), join(dataDir, "elsewhere"));
      expect(await start(false)).toEqual({ notice: expect.stringContaining(missing) });
      await rename(join(dataDir, "elsewhere"), join(dataDir, name));
    }
    expect((await start(false)).port).toBe(login.port);
  });
});

it("the start after an interrupted first one begins anew, with another password", async () => {
  await start(false);
  // The killed launcher left its server and a damaged folder.
  parts.splice(0);
  await writeFile(join(dataDir, "demo/port"), "");
  const former = login;
  login = await create();
  expect(await query("SELECT 1 AS one", login)).toEqual([{ one: 1 }]);
  const reused = { ...login, password: former.password };
  await expect(query("SELECT 1", reused)).rejects.toMatchObject({ code: "28P01" });
});

/** The certificate that a Postgres server shows after its SSLRequest. */
async function served(port: number): Promise<X509Certificate> {
  const { connect: dial } = await import("node:net");
  const socket = dial(port, "127.0.0.1");
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  await new Promise((done) => socket.once("data", done));
  const secured = connect({ socket, ca: login.caCertificate, servername: "localhost" });
  await new Promise((done, fail) => secured.once("secureConnect", done).once("error", fail));
  const certificate = secured.getPeerX509Certificate();
  secured.destroy();
  if (certificate === undefined) throw new Error("The server showed no certificate.");
  return certificate;
}
