import { randomBytes, randomInt } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import pg from "pg";
import { startPostgres, stopOrphan } from "./embedded-postgres.mjs";
import { tryListen } from "./ports.mjs";
import { Refusal } from "./progress.mjs";

const ordersFile = resolve(import.meta.dirname, "../prisma/demo/orders.sql");
const host = "127.0.0.1";
const database = "orders";
const username = "orders_reader";
const certificateLifeMs = 20 * 366 * 86_400_000;

/**
 * The login of a new demo database, and the authority that signed its certificate.
 * @typedef {{ host: string, port: number, database: string, username: string, password: string, caCertificate: string }} DemoLogin
 */

/**
 * Starts the demo's order database: a second Postgres, in `<data folder>/demo`, with TLS and one login.
 *
 * With `isNew`, creates it from scratch. The caller stores `login` in the demo's secrets, and nothing else
 * keeps the password. Later starts use the same port, because the demo's connection names it. If one of them
 * fails, it returns a sentence instead, because Selvage runs without the demo.
 * @param {{ dataDir: string, isNew: boolean, reservedPorts: number[], stopLater: (part: { stop: () => Promise<void> }) => void }} options
 *   `reservedPorts` are those of Selvage's own programs
 * @returns {Promise<{ port?: number, exited?: Promise<void>, login?: DemoLogin, notice?: string }>}
 */
export async function startDemoDatabase({ dataDir, isNew, reservedPorts, stopLater }) {
  const dir = join(dataDir, "demo");
  await stopOrphan(join(dir, "pg"));
  const start = (port, prepare) =>
    startPostgres({
      dir,
      binariesDir: dataDir,
      port,
      // Nobody needs the superuser: pg_hba.conf admits only the reader.
      password: random(),
      flags: ["ssl=on", "shared_buffers=16MB", "max_connections=20"],
      stopLater,
      prepare,
    });
  try {
    if (!isNew) {
      const port = await savedPort(dir, reservedPorts);
      return { port, exited: (await start(port)).exited };
    }
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir);
    const port = await choosePort(reservedPorts);
    const { authority, certificate } = await createCertificates();
    await writeFile(join(dir, "port"), `${port}\n`);
    await writeFile(join(dir, "ca.pem"), authority);
    const login = { host, port, database, username, password: random(), caCertificate: authority };
    const { exited } = await start(port, (cluster) => fill(cluster, certificate, login.password));
    return { port, exited, login };
  } catch (error) {
    if (isNew || !(error instanceof Refusal)) throw error;
    return { notice: `${error.message} Until then, the demo's connection Order warehouse fails its checks.` };
  }
}

/** Chooses a port below those that systems assign themselves, so that later starts find it free. */
async function choosePort(reservedPorts) {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = randomInt(20_000, 30_000);
    if (!reservedPorts.includes(port) && (await tryListen(host, port)) === undefined) return port;
  }
  throw new Refusal("No port is free for the demo's database.");
}

async function savedPort(dir, reservedPorts) {
  const [port = Number.NaN, version] = await Promise.all(
    ["port", "pg/PG_VERSION"].map((name) => readFile(join(dir, name), "utf8").then(Number, () => undefined)),
  );
  if (!Number.isInteger(port) || version === undefined)
    throw new Refusal(
      `The demo's database in ${dir} is missing or damaged. A backup of Selvage does not contain it: put your own copy of this folder back.`,
    );
  if (reservedPorts.includes(port) || (await tryListen(host, port)) !== undefined)
    throw new Refusal(
      `Port ${port}, which the demo's database uses, is already in use: free it, then start again.`,
    );
  return port;
}

/** The authority's private key is dropped: the server's certificate lasts as long as the demo. */
async function createCertificates() {
  // Only a first start needs this module and the library behind it.
  const { createAuthority } = await import("./certificates.mjs");
  const notAfter = new Date(Date.now() + certificateLifeMs);
  const authority = await createAuthority("Northwind Internal CA", { notAfter });
  const certificate = await authority.issue({ names: ["localhost", host], notAfter });
  return { authority: authority.cert, certificate };
}

async function fill(cluster, certificate, password) {
  await cluster.write("server.crt", certificate.cert);
  await cluster.write("server.key", certificate.key);
  await cluster.write("pg_hba.conf", `hostssl ${database} ${username} ${host}/32 scram-sha-256\n`);
  cluster.run("postgres", `CREATE DATABASE ${database};\n\n`);
  cluster.run(
    database,
    `${await readFile(ordersFile, "utf8")}
CREATE ROLE ${username} LOGIN PASSWORD ${pg.escapeLiteral(password)};

REVOKE ALL ON DATABASE ${database} FROM PUBLIC;

GRANT CONNECT ON DATABASE ${database} TO ${username};

GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${username};

`,
  );
}

function random() {
  return randomBytes(24).toString("base64url");
}
