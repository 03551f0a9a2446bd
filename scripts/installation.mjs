import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import pg from "pg";
import { tsconfigFile, watchBundles } from "./build.mjs";
import { startPostgres } from "./embedded-postgres.mjs";
import { loadKey, loadKeys } from "./keys.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { run } from "./processes.mjs";
import { environments, ownerEnvironment, startProgram, waitUntilReady } from "./programs.mjs";
import { Refusal, step } from "./progress.mjs";

const root = resolve(import.meta.dirname, "..");
const database = "selvage";

/**
 * Brings up everything that one data folder holds: keys, database, automate, web. Whatever starts is handed to `keep` at once, to be
 * stopped in the opposite order.
 */
export async function startInstallation(settings) {
  const { dataDir, keep, target, dev, rolePrefix } = settings;
  const keysDir = join(dataDir, "keys");
  const keys = await loadKeys(keysDir, () => whereKeysAreNeeded(settings));
  const server = settings.databaseUrl ? undefined : await startEmbedded(dataDir, keysDir, keep);
  const databaseUrl = settings.databaseUrl ?? server.url(database);
  const urls = loginUrls(databaseUrl, rolePrefix, keys);
  const program = (name) => `${target.dist}/${name}.mjs`;

  await step("Migrating the database", async (show) => {
    const env = ownerEnvironment(databaseUrl, rolePrefix, { MIGRATE_LOGINS: JSON.stringify(urls.logins) });
    await run(nodeRuntime(), [join(root, program("migrate"))], { cwd: root, env, show });
  });

  const { web: webEnv, automate: automateEnv } = environments({
    ...settings,
    keys,
    keysDir,
    webDatabaseUrl: urls.web,
    automateDatabaseUrl: urls.automate,
    nextDir: target.next,
  });
  const mode = dev ? { NODE_ENV: "development", NEXT_TSCONFIG: tsconfigFile(target) } : {};

  const launchAutomate = async () => {
    const log = join(dataDir, "automate.log");
    const started = await startProgram("automate", {
      file: program("automate"),
      env: { ...automateEnv, ...mode },
      log,
    });
    keep(started);
    await waitUntilReady(started, { port: settings.automatePort, path: "/readyz" });
    return started;
  };
  let automate = await step("Starting automate", launchAutomate);

  const loginsFile = join(keysDir, "demo-logins.json");
  if (settings.seed && (await readLogins(loginsFile)).length === 0) {
    await step("Filling in the demo", async (show) => {
      // As web, not as the owner: the demo is made by what people may do.
      const env = { ...webEnv, DEMO_LOGINS_FILE: loginsFile };
      await run(nodeRuntime(), [join(root, program("seed"))], { cwd: root, env, show });
    });
  }

  const web = await step("Starting web", async () => {
    const log = join(dataDir, "web.log");
    const started = await startProgram("web", { file: program("web"), env: { ...webEnv, ...mode }, log });
    keep(started);
    const reachedAt = settings.host === "0.0.0.0" || settings.host === "::" ? "127.0.0.1" : settings.host;
    const name = new URL(settings.publicUrl).host;
    await waitUntilReady(started, { host: reachedAt, port: settings.port, path: "/sign-in", name });
    return started;
  });

  return {
    logins: await readLogins(loginsFile),
    /** Calls back with one sentence when a part ends that nobody stopped. */
    watch: (report) => {
      const watchProgram = (part) =>
        part.exited.then((code) => {
          if (part.isReplaced) return;
          const how = code === null ? "killed" : `exit code ${code}`;
          report(
            `${part.name} stopped unexpectedly (${how}); ${join(dataDir, `${part.name}.log`)} may say why.`,
          );
        });
      void watchProgram(web);
      void watchProgram(automate);
      void server?.exited.then(() =>
        report(`Postgres stopped unexpectedly; ${join(dataDir, "pg.log")} says why.`),
      );
      if (!dev) return;
      void watchBundles(target, async () => {
        automate.isReplaced = true;
        await automate.stop();
        automate = await step("Restarting automate", launchAutomate);
        void watchProgram(automate);
      }).then(keep);
    },
  };
}

async function startEmbedded(dataDir, keysDir, keep) {
  return step("Starting Postgres", async () => {
    const password = await loadKey(keysDir, "postgres.password");
    const server = await startPostgres({ dir: dataDir, password, keep });
    await query(server.url("postgres"), async (client) => {
      const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    });
    return server;
  });
}

/** Each program signs in as itself. Whoever runs the database may bring such logins; otherwise they are made. */
function loginUrls(databaseUrl, rolePrefix, keys) {
  const { WEB_DATABASE_URL: web, AUTOMATE_DATABASE_URL: automate } = process.env;
  const embedded = !process.env.DATABASE_URL;
  const logins = {};
  const derive = (program, password) => {
    const name = `${rolePrefix}_${program}_login`;
    logins[name] = password;
    const url = new URL(databaseUrl);
    url.username = name;
    url.password = password;
    return url.href;
  };
  return {
    web: (!embedded && web) || derive("web", keys.webPassword),
    automate: (!embedded && automate) || derive("automate", keys.automatePassword),
    logins,
  };
}

/** The embedded database is only ever made after the keys; a foreign one is asked. */
async function whereKeysAreNeeded({ databaseUrl, dataDir }) {
  if (!databaseUrl) {
    const made = await readFile(join(dataDir, "pg/PG_VERSION")).catch(() => undefined);
    return made === undefined ? undefined : `the database in ${join(dataDir, "pg")}`;
  }
  return query(databaseUrl, async (client) => {
    const { rows } = await client.query("SELECT to_regclass('fabric_key') IS NOT NULL AS made");
    if (!rows[0].made) return undefined;
    const { rowCount } = await client.query("SELECT 1 FROM fabric_key LIMIT 1");
    return rowCount === 0 ? undefined : `the database at ${new URL(databaseUrl).host}`;
  });
}

async function query(url, use) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    const { host } = new URL(url);
    throw new Refusal(`The database at ${host} cannot be reached (${error.message || error.code}).`);
  }
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function readLogins(file) {
  return JSON.parse(await readFile(file, "utf8").catch(() => "[]"));
}
