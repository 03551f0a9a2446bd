import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, builds, isFresh } from "@/launcher/build.mjs";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { loadKeys, masterKeyFile } from "@/launcher/keys.mjs";
import { nodeRuntime } from "@/launcher/node-runtime.mjs";
import { run } from "@/launcher/processes.mjs";
import { environments, ownerEnvironment, startProgram, waitUntilReady } from "@/launcher/programs.mjs";
import { releaseInto } from "@/launcher/release.mjs";
import { startScratchPostgres } from "@/testing/scratch-postgres.mjs";
import { teamWithKey } from "@/testing/stack-address";

const root = resolve(import.meta.dirname, "..");
const target = builds.test;

/**
 * Starts the programs of `npm start` from the tests' own build on free ports, and sets these environment variables for the tests:
 * E2E_BASE_URL, E2E_AUTOMATE_URL, E2E_AUTOMATE_INTERNAL_URL, E2E_DATABASE_URL (the owner), E2E_DIR (web.log, automate.log, pg/ and keys/),
 * E2E_WEB_ENV and E2E_AUTOMATE_ENV (JSON, to start another copy of a program).
 */
export default async function startStack() {
  if (!(await isFresh(target))) await build(target);
  const started: { stop: () => Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.reverse()) await part.stop();
  };
  try {
    await start((part) => started.push(part));
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function start(stopLater: (part: { stop: () => Promise<void> }) => void) {
  const dir = await mkdtemp(join(tmpdir(), "selvage-e2e-"));
  stopLater({ stop: () => rm(dir, { recursive: true, force: true }) });
  const postgres = await startScratchPostgres();
  stopLater(postgres);
  const databaseUrl = postgres.url("postgres");
  const keysDir = join(dir, "keys");
  await mkdir(keysDir);
  const { keys } = await loadKeys(keysDir, async () => undefined);
  const { dir: commandLineDir } = await releaseInto({ dataDir: dir, keysDir, given: {} });
  const login = (name: string) => databaseUrl.replace(/\/\/[^@]*@/, `//${name}:test@`);
  const logins = { selvage_web_login: "test", selvage_automate_login: "test" };
  const migration = ownerEnvironment(databaseUrl, "selvage", { MIGRATE_LOGINS: JSON.stringify(logins) });
  await run(nodeRuntime(), [join(root, target.dist, "migrate.mjs")], { env: migration });

  const port = await freePort();
  const automatePort = await freePort();
  const automateInternalPort = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const { web, automate } = environments({
    keys,
    keysDir,
    commandLineDir,
    webDatabaseUrl: login("selvage_web_login"),
    automateDatabaseUrl: login("selvage_automate_login"),
    host: "127.0.0.1",
    port,
    automatePort,
    automateInternalPort,
    publicUrl: baseUrl,
    nextDir: target.next,
    given: {
      PATH: process.env.PATH,
      KMS_CONFIG: await writeKeyring(dir, masterKeyFile(keysDir)),
      TZ: "Pacific/Chatham",
      BACKGROUND_CHECKS: "off",
      EGRESS_ALLOW: "127.0.0.0/8,::1/128",
    },
  });
  await launch("automate", automate, { port: automatePort, path: "/readyz" });
  await launch("web", web, { port, path: "/sign-in" });
  Object.assign(process.env, {
    E2E_BASE_URL: baseUrl,
    E2E_AUTOMATE_URL: `http://127.0.0.1:${automatePort}`,
    E2E_AUTOMATE_INTERNAL_URL: automate.AUTOMATE_URL,
    E2E_DATABASE_URL: databaseUrl,
    E2E_DIR: dir,
    E2E_POSTGRES_DIR: join(postgres.dir, "pg"),
    E2E_WEB_ENV: JSON.stringify(web),
    E2E_AUTOMATE_ENV: JSON.stringify(automate),
  });

  async function launch(name: string, env: Record<string, string>, at: { port: number; path: string }) {
    const program = await startProgram(name, {
      file: `${target.dist}/${name}.mjs`,
      env,
      log: join(dir, `${name}.log`),
    });
    stopLater(program);
    await waitUntilReady(program, at);
  }
}

/** Writes a keyring of the installation's master key and one of a team. Returns the file. */
async function writeKeyring(dir: string, file: string): Promise<string> {
  const [keyring, teamFile] = [join(dir, "keyring.json"), join(dir, "team.key")];
  const keys = [
    { label: "main", provider: "local", file },
    { label: "Acme’s own key", provider: "local", file: teamFile, team: teamWithKey },
  ];
  await writeFile(teamFile, randomBytes(32).toString("base64url"), { mode: 0o600 });
  await writeFile(keyring, JSON.stringify({ primary: "main", keys }), { mode: 0o600 });
  return keyring;
}
