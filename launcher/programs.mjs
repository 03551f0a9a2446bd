import { open, readFile } from "node:fs/promises";
import { get } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { masterKeyFile } from "./keys.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { startNode } from "./processes.mjs";
import { Refusal } from "./progress.mjs";

const root = resolve(import.meta.dirname, "..");
const stopTimeoutMs = 15_000;
/** Variables that every process needs. None is secret. */
const commonVariables = ["PATH", "TZ", "LANG", "TMPDIR", "TEMP", "SystemRoot", "NODE_EXTRA_CA_CERTS"];
const webVariables = [
  "OIDC_ISSUER",
  "OIDC_CLIENT_ID",
  "OIDC_CLIENT_SECRET",
  "OIDC_NAME",
  "MAX_SECRET_BYTES",
  "TRUST_PROXY_HOPS",
  "WEB_RATE_PER_MINUTE",
  "WEB_TOKEN_RATE_PER_MINUTE",
  "WEB_ADDRESS_RATE_PER_MINUTE",
  "WEB_FAILED_SIGN_INS_PER_NETWORK",
  "WEB_CONCURRENCY",
  "QUOTA_FABRICS_PER_TEAM",
  "QUOTA_SECRETS_PER_FABRIC",
  "QUOTA_CONNECTIONS_PER_FABRIC",
  "QUOTA_STORED_MIB_PER_FABRIC",
  "QUOTA_STORED_MIB_PER_TEAM",
  "QUOTA_ACCESS_TOKENS_PER_PERSON",
  "TRASH_DAYS",
  "STOP_DELAY_SECONDS",
];
const automateVariables = [
  "KMS_CONFIG",
  "LOST_MASTER_KEYS",
  "AUTOMATE_HOST",
  "AUTOMATE_VAULT_PORT",
  "EGRESS_ALLOW",
  "BEHIND_TLS_PROXY",
  "MAX_SECRET_BYTES",
  "BACKGROUND_CHECKS",
  "BACKGROUND_CHECK_MINUTES",
  "AUTOMATE_TRUST_PROXY_HOPS",
  "RUNTIME_RATE_PER_MINUTE",
  "RUNTIME_ADDRESS_RATE_PER_MINUTE",
  "RUNTIME_CONCURRENCY",
  "QUOTA_PIPELINE_TOKENS_PER_FABRIC",
  "FABRIC_DELETION_DAYS",
  "TRASH_DAYS",
  "ROTATE_FABRIC_KEYS_DAYS",
  "SMTP_URL",
  "SMTP_TLS",
  "SMTP_FROM",
  "REMINDER_WEBHOOK_URL",
  "REMINDER_WEBHOOK_SECRET",
  "REMINDER_CA_FILE",
  "REMINDER_HOUR",
  "STOP_DELAY_SECONDS",
  "METRICS_PORT",
  "METRICS_HOST",
];

/** Where the clients of key services look for credentials. Automate receives them with a keyring only. */
const keyServiceVariables = /^(HOME|HTTPS_PROXY|NO_PROXY|(AWS|AZURE|BAO|GOOGLE|IDENTITY|MSI|VAULT)_.+)$/;

/**
 * The environments of web and automate. Neither program receives the other's secrets.
 * @param {{ keys: Record<string, string>, keysDir: string, webDatabaseUrl: string, automateDatabaseUrl: string,
 *   host: string, port: number, automatePort: number, automateInternalPort: number, publicUrl: string, nextDir: string, workersSocket?: string, commandLineDir?: string, demoPort?: number, given?: Record<string, string | undefined> }} settings
 * @returns {Record<"web" | "automate" | "callsAutomate", Record<string, string>>}
 */
export function environments({ keys, keysDir, given = process.env, ...settings }) {
  const automateUrl = `http://127.0.0.1:${settings.automateInternalPort}`;
  const callsAutomate = {
    AUTOMATE_URL: automateUrl,
    AUTOMATE_PUBLIC_URL: given.AUTOMATE_PUBLIC_URL || `http://127.0.0.1:${settings.automatePort}`,
    WEB_SIGNING_KEY: keys.webSigningKey,
    AUTOMATE_PUBLIC_KEY: keys.automatePublicKey,
  };
  const web = {
    NODE_ENV: "production",
    ...pick(given, [...commonVariables, ...webVariables]),
    ...callsAutomate,
    WEB_DATABASE_URL: settings.webDatabaseUrl,
    SESSION_SECRET: keys.sessionSecret,
    PUBLIC_URL: settings.publicUrl,
    HOST: settings.host,
    PORT: String(settings.port),
    NEXT_DIST_DIR: settings.nextDir,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  const automate = {
    NODE_ENV: "production",
    // Of this machine, checks reach the demo's database only, unless the operator opens more.
    ...(settings.demoPort && { EGRESS_ALLOW: `127.0.0.1/32:${settings.demoPort}` }),
    ...pick(given, [...commonVariables, ...automateVariables]),
    ...(given.KMS_CONFIG &&
      pick(
        given,
        Object.keys(given).filter((name) => keyServiceVariables.test(name)),
      )),
    AUTOMATE_DATABASE_URL: settings.automateDatabaseUrl,
    PUBLIC_URL: settings.publicUrl,
    MASTER_KEY_FILE: masterKeyFile(keysDir),
    AUTOMATE_SIGNING_KEY: keys.automateSigningKey,
    WEB_PUBLIC_KEY: keys.webPublicKey,
    OPERATOR_PUBLIC_KEY: keys.operatorPublicKey,
    AUTOMATE_PORT: String(settings.automatePort),
    AUTOMATE_INTERNAL_PORT: String(settings.automateInternalPort),
    AUTOMATE_URL: automateUrl,
    ...(settings.commandLineDir && { COMMAND_LINE_DIR: settings.commandLineDir }),
    ...(settings.workersSocket && { CHECK_WORKERS_SOCKET: settings.workersSocket }),
  };
  return { web, automate };
}

/**
 * The environment of programs that run as the owner of the database.
 * @param {string} databaseUrl
 * @param {string} rolePrefix
 * @param {Record<string, string>} more
 * @returns {Record<string, string>}
 */
export function ownerEnvironment(databaseUrl, rolePrefix, more = {}) {
  return {
    ...pick(process.env, commonVariables),
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    DB_ROLE_PREFIX: rolePrefix,
    ...more,
  };
}

/**
 * Starts a server program.
 * @param {string} name
 * @param {{ file: string, args?: string[], env: Record<string, string>, log: string, nodeOptions?: string[], user?: { uid: number, gid: number } }} options
 *   output is appended to `log`; `user` runs the program, if not this process's own user
 */
export async function startProgram(name, { file, args = [], env, log, nodeOptions = [], user }) {
  const output = await open(log, "a", 0o600);
  const { size } = await output.stat();
  const command = [...nodeOptions, `--import=${exitWithParent}`, join(root, file), ...args];
  const child = startNode(nodeRuntime(), command, {
    ...user,
    cwd: root,
    env,
    stdio: ["ignore", output.fd, output.fd, "ipc"],
    // Detached from the terminal's process group: the launcher stops the programs in order.
    detached: true,
  });
  await output.close();
  let isGone = false;
  const exited = new Promise((done) => {
    child.once("error", () => done(1));
    child.once("exit", (code) => done(code));
  }).then((code) => {
    isGone = true;
    return code;
  });
  return {
    name,
    pid: child.pid,
    exited,
    hasExited: () => isGone,
    /** The output since the start. */
    output: async () => (await readFile(log)).subarray(size).toString("utf8").trim(),
    stop: async () => {
      if (!isGone) child.kill("SIGTERM");
      await Promise.race([
        exited,
        sleep(stopTimeoutMs, undefined, { ref: false }).then(() => child.kill("SIGKILL")),
      ]);
      await exited;
    },
  };
}

const exitWithParent = new URL("exit-with-parent.mjs", import.meta.url).href;

/**
 * Waits until a program answers with 200. If the program ends first, throws with its output as the message.
 * @param {{ name: string, hasExited: () => boolean, output: () => Promise<string> }} program
 * @param {{ port: number, path: string, host?: string, name?: string }} at `name` is sent as the Host header
 */
export async function waitUntilReady(program, { port, path, host = "127.0.0.1", name }) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(50)) {
    if (program.hasExited()) throw new Refusal((await program.output()) || `${program.name} did not start.`);
    if ((await status({ port, path, host, headers: name ? { host: name } : {} })) === 200) return;
  }
  throw new Refusal(`${program.name} does not answer: ${await program.output()}`);
}

function status(options) {
  return new Promise((done) => {
    const request = get({ ...options, timeout: 30_000 }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => done(undefined));
  });
}

function pick(from, names) {
  return Object.fromEntries(names.filter((name) => from[name]).map((name) => [name, from[name]]));
}
