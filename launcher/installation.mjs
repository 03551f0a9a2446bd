import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import pg from "pg";
import { tsconfigFile, watchBundles } from "./build.mjs";
import { startDemoDatabase } from "./demo-database.mjs";
import { startPostgres } from "./embedded-postgres.mjs";
import { loadDatabasePassword, loadKeys, masterKeyFile, signingKeysOf } from "./keys.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { operatorEnvironment, writeOperatorFile } from "./operator-file.mjs";
import { run } from "./processes.mjs";
import { environments, ownerEnvironment, startProgram, waitUntilReady } from "./programs.mjs";
import { Refusal, step } from "./progress.mjs";
import { releaseInto } from "./release.mjs";
import { giveMasterKey, programUsers } from "./users.mjs";
import { startWorkerHost } from "./worker-host.mjs";

const root = resolve(import.meta.dirname, "..");
/** The name of the database in the data folder. */
export const database = "selvage";

/**
 * Starts everything in one data folder: keys, database, the demo's database, automate, web. Passes each started
 * part to `stopLater` at once; the caller stops them in reverse order.
 */
export async function startInstallation(settings) {
  const { dataDir, stopLater, target, dev, rolePrefix } = settings;
  const keysDir = join(dataDir, "keys");
  const { keys, notices } = await loadKeys(keysDir, () => describeDatabaseInUse(settings), {
    newSigningKey: settings.newSigningKey,
    hasKeyring: Boolean(process.env.KMS_CONFIG),
  });
  const server = settings.databaseUrl ? undefined : await startEmbedded(dataDir, keysDir, stopLater);
  const databaseUrl = settings.databaseUrl ?? server.url(database);
  const urls = loginUrls(databaseUrl, server !== undefined, rolePrefix, keys);
  const program = (name) => `${target.dist}/${name}.mjs`;

  const loginsFile = join(keysDir, "demo-logins.json");
  const isNewDemo = settings.seed && (await isToBeSeeded(databaseUrl, loginsFile));
  const hasDemoDatabase = settings.seed && server !== undefined;
  const [demo, commandLine] = await Promise.all([
    hasDemoDatabase ? startDemo(settings, isNewDemo) : {},
    step("Signing the command line", () => releaseInto({ dataDir, keysDir })),
    step("Migrating the database", async (show) => {
      const env = ownerEnvironment(databaseUrl, rolePrefix, { MIGRATE_LOGINS: JSON.stringify(urls.logins) });
      await run(nodeRuntime(), [join(root, program("migrate"))], { cwd: root, env, show });
    }),
  ]);

  const { users, notice } = programUsers({
    ...settings,
    files: [program("web"), program("check-worker"), "node_modules/next/package.json"].map((file) =>
      join(root, file),
    ),
  });
  if (users) await giveMasterKey(keysDir, masterKeyFile(keysDir), users.automate);
  const workers = users && (await startWorkerHost(settings, users));

  const { web: webEnv, automate: automateEnv } = environments({
    ...settings,
    demoPort: demo.port,
    commandLineDir: commandLine.dir,
    keys,
    keysDir,
    workersSocket: workers?.socket,
    webDatabaseUrl: urls.web,
    automateDatabaseUrl: urls.automate,
    nextDir: target.next,
  });
  stopLater(
    await writeOperatorFile(dataDir, {
      DATABASE_URL: databaseUrl,
      DB_ROLE_PREFIX: rolePrefix,
      AUTOMATE_URL: automateEnv.AUTOMATE_URL,
      AUTOMATE_PUBLIC_KEY: await signingKeysOf(keysDir),
      OPERATOR_SIGNING_KEY: keys.operatorSigningKey,
    }),
  );
  const mode = dev ? { NODE_ENV: "development", NEXT_TSCONFIG: tsconfigFile(target) } : {};

  const launch = async (name, env, readiness) => {
    const started = await startProgram(name, {
      file: program(name),
      env: { ...env, ...mode },
      log: join(dataDir, `${name}.log`),
      user: users?.[name],
    });
    stopLater(started);
    await waitUntilReady(started, readiness);
    return started;
  };
  const launchAutomate = () =>
    launch("automate", automateEnv, { port: settings.automatePort, path: "/readyz" });
  const automate = await step("Starting automate", launchAutomate);
  if (settings.newSigningKey) {
    await step("Signing the keys of all fabrics again", async (show) => {
      const env = { ...operatorEnvironment({ DATA_DIR: dataDir }), NODE_ENV: "production" };
      await run(nodeRuntime(), [join(root, program("admin")), "keys", "resign"], { cwd: root, env, show });
    });
  }

  if (isNewDemo) {
    await step("Filling in the demo", async (show) => {
      // Seeds with web's login, not the owner's, so that the demo contains only what people may create.
      const env = {
        ...webEnv,
        DEMO_LOGINS_FILE: loginsFile,
        ...(demo.login && { DEMO_DATABASE: JSON.stringify(demo.login) }),
      };
      await run(nodeRuntime(), [join(root, program("seed"))], { cwd: root, env, show });
    });
  }

  const localHost = settings.host === "0.0.0.0" || settings.host === "::" ? "127.0.0.1" : settings.host;
  const webReadiness = {
    host: localHost,
    port: settings.port,
    path: "/sign-in",
    name: new URL(settings.publicUrl).host,
  };
  const web = await step("Starting web", () => launch("web", webEnv, webReadiness));

  const logins = await readLogins(loginsFile);
  const lostLogins =
    settings.seed && !settings.databaseUrl && logins.length === 0
      ? [
          `${loginsFile} is missing. It held the only copy of the demo's passwords: set new ones with npm run admin -- reset-password.`,
        ]
      : [];
  return {
    logins,
    /** For the person who started it: lost files, and programs that could not be separated. */
    notices: [...notices, ...lostLogins, demo.notice, commandLine.notice, notice].filter(
      (one) => one !== undefined,
    ),
    /** Reports one sentence when a part ends unexpectedly. In development, restarts automate after a change. */
    watch: (report) => {
      watchParts(settings, { server, demo, workers, web, automate }, report);
      if (dev) restartOnChange(settings, { automate, launchAutomate, report });
    },
  };
}

function watchParts({ dataDir }, { server, demo, workers, web, automate }, report) {
  for (const program of [web, automate, workers?.host]) if (program) watchProgram(dataDir, program, report);
  void server?.exited.then(() => report(`Postgres stopped unexpectedly. See ${join(dataDir, "pg.log")}.`));
  void demo.exited?.then(() =>
    report(`The demo's Postgres stopped unexpectedly. See ${join(dataDir, "demo/pg.log")}.`),
  );
}

function watchProgram(dataDir, program, report) {
  void program.exited.then((code) => {
    if (program.isReplaced) return;
    const how = code === null ? "killed" : `exit code ${code}`;
    report(`${program.name} stopped unexpectedly (${how}). See ${join(dataDir, `${program.name}.log`)}.`);
  });
}

function restartOnChange({ dataDir, target, stopLater }, { automate, launchAutomate, report }) {
  let running = automate;
  const restart = async () => {
    running.isReplaced = true;
    await running.stop();
    running = await step("Restarting automate", launchAutomate);
    watchProgram(dataDir, running, report);
  };
  // Restarts run one after another. A pull changes sources twice within moments, and two restarts would
  // compete for the port.
  let restarts = Promise.resolve();
  void watchBundles(target, () => {
    restarts = restarts.then(restart);
    return restarts;
  }).then(stopLater);
}

function startDemo({ dataDir, port, automatePort, automateInternalPort, stopLater }, isNew) {
  const optionalPorts = [process.env.AUTOMATE_VAULT_PORT, process.env.METRICS_PORT].map(Number);
  const reservedPorts = [port, automatePort, automateInternalPort, ...optionalPorts];
  return step("Starting the demo's database", () =>
    startDemoDatabase({ dataDir, isNew, reservedPorts, stopLater }),
  );
}

/** Starts the data folder's Postgres, and creates the database if it is missing. `mayBeLost`: for a restore. */
export async function startEmbedded(dataDir, keysDir, stopLater, { mayBeLost = false } = {}) {
  return step("Starting Postgres", async () => {
    const password = await loadDatabasePassword(keysDir, await describeDatabase(dataDir, mayBeLost));
    const server = await startPostgres({ dir: dataDir, password, stopLater });
    const refused = `The database in ${join(dataDir, "pg")} rejects the password of ${join(keysDir, "postgres.password")}: restore that file from your backup.`;
    await query(server.url("postgres"), refused, async (client) => {
      const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    });
    return server;
  });
}

/**
 * The login of each program. The operator of an external database may provide them; otherwise they are
 * created.
 */
function loginUrls(databaseUrl, isEmbedded, rolePrefix, keys) {
  const { WEB_DATABASE_URL: web, AUTOMATE_DATABASE_URL: automate } = process.env;
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
    web: (!isEmbedded && web) || derive("web", keys.webPassword),
    automate: (!isEmbedded && automate) || derive("automate", keys.automatePassword),
    logins,
  };
}

/**
 * Names the database that already depends on the keys, if any. The embedded database is always created after
 * the keys, so it depends on them if it exists; an external one is queried.
 */
async function describeDatabaseInUse({ databaseUrl, dataDir }) {
  if (!databaseUrl) return describeDatabase(dataDir);
  return query(databaseUrl, refusedLogin(databaseUrl), async (client) => {
    const { rows } = await client.query("SELECT to_regclass('fabric_key') IS NOT NULL AS exists");
    if (!rows[0].exists) return undefined;
    const { rowCount } = await client.query("SELECT 1 FROM fabric_key LIMIT 1");
    return rowCount === 0 ? undefined : `the database at ${new URL(databaseUrl).host}`;
  });
}

function refusedLogin(databaseUrl) {
  return `The database at ${new URL(databaseUrl).host} rejects the login of DATABASE_URL.`;
}

/** Names the data folder's database, if it was created. Never recreates one that is missing or damaged. */
async function describeDatabase(dataDir, mayBeLost = false) {
  const data = join(dataDir, "pg");
  if (await exists(join(data, "PG_VERSION"))) return `the database in ${data}`;
  if (await exists(data))
    throw new Refusal(
      `The database in ${data} is damaged: it has no PG_VERSION. Restore it from your backup. Nothing was changed.`,
    );
  const log = join(dataDir, "pg.log");
  if (mayBeLost || !(await exists(log))) return undefined;
  throw new Refusal(
    `The database in ${data} is missing, but ${log} shows that it existed: restore your backup with npm run restore (docs/recovery.md), or remove ${log} to start with an empty database. Nothing was changed.`,
  );
}

async function query(url, refused, use) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    // invalid_password and invalid_authorization_specification
    if (["28P01", "28000"].includes(error.code)) throw new Refusal(refused);
    const { host } = new URL(url);
    throw new Refusal(`The database at ${host} cannot be reached (${error.message || error.code}).`);
  }
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** True for an installation without people, and for one whose demo was not completed. */
async function isToBeSeeded(databaseUrl, loginsFile) {
  if ((await readLogins(loginsFile)).length > 0) return false;
  if (await exists(`${loginsFile}.part`)) return true;
  return query(databaseUrl, refusedLogin(databaseUrl), async (client) => {
    const { rows } = await client.query("SELECT to_regclass('app_user') IS NOT NULL AS exists");
    return !rows[0].exists || (await client.query("SELECT 1 FROM app_user LIMIT 1")).rowCount === 0;
  });
}

async function readLogins(file) {
  const text = await readFile(file, "utf8").catch(() => "[]");
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(`${file} is damaged: restore it from your backup, or remove it. Nothing was changed.`);
  }
}

function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
