import "@/lib/protect-process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInternalApp, createRuntimeApp, createVaultApp } from "@/automate/app";
import { measureBackups } from "@/automate/backups/metrics";
import { startBackgroundChecks } from "@/automate/checks/background";
import { createCheckPool } from "@/automate/checks/pool";
import { createReach } from "@/automate/checks/reach";
import { createPasswordChanges, createPreparedRuns } from "@/automate/checks/run";
import { keepServing } from "@/automate/http/keep-serving";
import { measureKeyCall, serveMetrics } from "@/automate/http/metrics";
import { serveWhile } from "@/automate/http/waiting-server";
import { createFabricKeys, foreignSigningKey } from "@/automate/keys/fabric-keys";
import { watchMasterKeys } from "@/automate/keys/master-key-states";
import { requireKeyring } from "@/automate/keys/require-keyring";
import { startKeyRotations } from "@/automate/keys/run-key-rotations";
import { startPasswordRotations } from "@/automate/password-rotations/loop";
import { purge } from "@/automate/purge";
import { startReminders } from "@/automate/reminders/run-reminders";
import { reminderSettings } from "@/automate/reminders/settings";
import { readCommandLine } from "@/automate/runtime-api/command-line";
import { setRestoredAt } from "@/automate/runtime-api/etag";
import { refreshIssuerKeys } from "@/automate/runtime-api/issuer-keys";
import { logAlarmsTo } from "@/automate/secrets/alarm";
import { reseal } from "@/automate/secrets/reseal";
import { closeDb, db } from "@/lib/db/client";
import { requireDatabaseRole } from "@/lib/db/role";
import { automateEnv } from "@/lib/env";
import { waitForDatabase } from "@/lib/health/wait-for-database";
import { openKeyring } from "@/lib/kms/keyring";
import { createLogStream } from "@/lib/log-stream";

const purgeEveryMs = 10 * 60_000;
/** How long shutdown waits for requests in progress. */
const stopWithinMs = 30_000;

/** Starts automate, or prints one sentence that says why it cannot start. */
async function main(): Promise<void> {
  const env = automateEnv();
  const keyring = await openKeyring(
    env.KMS_CONFIG ? { configFile: env.KMS_CONFIG } : { masterKeyFile: env.MASTER_KEY_FILE ?? "" },
    { onCall: measureKeyCall },
  );
  const address = { host: env.AUTOMATE_HOST, port: env.AUTOMATE_PORT };
  await serveWhile(async (begin) => {
    await waitForDatabase(async (sentence) => {
      process.stderr.write(`${sentence}\n`);
      await begin();
    });
  }, address);
  await requireDatabaseRole("automate");
  setRestoredAt((await db.schemaInfo.findFirst({ select: { restoredAt: true } }))?.restoredAt ?? null);
  const keyWarnings = [...keyring.warnings, ...(await requireKeyring(keyring, env.LOST_MASTER_KEYS))];
  const signingKeyWarning = await foreignSigningKey(env.AUTOMATE_SIGNING_KEY);
  if (signingKeyWarning) keyWarnings.push(signingKeyWarning);
  for (const warning of keyWarnings) process.stderr.write(`${warning}\n`);

  const here = fileURLToPath(new URL(".", import.meta.url));
  const { commandLine, problem } = await readCommandLine(env.COMMAND_LINE_DIR ?? join(here, "cli"));
  const isSource = import.meta.url.endsWith(".ts");
  const workerPath =
    env.CHECK_WORKERS_SOCKET ??
    fileURLToPath(new URL(isSource ? "../worker/main.ts" : "./check-worker.mjs", import.meta.url));
  const pool = createCheckPool({ workerPath });
  const keys = createFabricKeys(db, keyring, env.AUTOMATE_SIGNING_KEY);
  const runPrepared = createPreparedRuns({ keys, pool });
  const changePassword = createPasswordChanges({ keys, pool });
  const log = createLogStream();
  const runtime = createRuntimeApp({ keys, logger: { stream: log }, commandLine });
  logAlarmsTo(runtime.log);
  if (problem) runtime.log.warn(problem);
  for (const { label, provider, fingerprint, team } of keyring.keys) {
    const isPrimary = fingerprint === keyring.primary.fingerprint;
    runtime.log.info({ label, provider, fingerprint, isPrimary, team }, "master key");
  }
  let background: ReturnType<typeof startBackgroundChecks> | null = null;
  const checkSoon = () => background?.wake();
  const internal = createInternalApp({
    keys,
    reach: createReach(pool),
    runPrepared,
    changePassword,
    checkSoon,
    logger: { stream: log },
  });
  await runtime.listen({ host: env.AUTOMATE_HOST, port: env.AUTOMATE_PORT });
  const vault = env.AUTOMATE_VAULT_PORT && createVaultApp({ keys, logger: { stream: log } });
  if (vault) await vault.listen({ host: env.AUTOMATE_HOST, port: env.AUTOMATE_VAULT_PORT });
  await internal.listen({ host: env.AUTOMATE_INTERNAL_HOST, port: env.AUTOMATE_INTERNAL_PORT });
  const stopping = new AbortController();
  void refreshIssuerKeys({
    onError: (error) => runtime.log.error({ error }, "could not fetch issuer keys"),
    signal: stopping.signal,
  });
  void watchMasterKeys(keyring, {
    onChange: (change) => runtime.log.warn(change, "the state of a master key changed"),
    onError: (error) => runtime.log.error({ error: error.name }, "could not store the states of master keys"),
    signal: stopping.signal,
  });
  measureBackups();
  const metrics =
    env.METRICS_PORT && (await serveMetrics({ host: env.METRICS_HOST, port: env.METRICS_PORT }));

  keepServing((error, message) => runtime.log.error(error, message));

  background =
    env.BACKGROUND_CHECKS === "on"
      ? startBackgroundChecks({
          runPrepared,
          minutes: env.BACKGROUND_CHECK_MINUTES,
          onError: (error) => runtime.log.error({ error }, "background check failed"),
        })
      : null;
  const rotations = startKeyRotations({
    keys,
    reseal,
    keyring,
    everyDays: env.ROTATE_FABRIC_KEYS_DAYS,
    onError: (error) => runtime.log.error({ error }, "a key rotation failed and is tried again"),
  });
  const reminders = startReminders({
    settings: reminderSettings(env),
    workerPath,
    onError: (error) => runtime.log.error({ error }, "reminders failed and are tried again"),
    onFault: (channel, fault) => runtime.log.warn({ channel, fault }, "a reminder was not delivered"),
  });
  const passwords = startPasswordRotations({
    keys,
    runPrepared,
    changePassword,
    checkSoon,
    onError: (error) => runtime.log.error({ error }, "a password rotation broke off and is continued"),
  });
  const purging = setInterval(
    () => purge().catch((error: Error) => runtime.log.error({ error: error.name }, "purge failed")),
    purgeEveryMs,
  );
  const stop = async () => {
    clearInterval(purging);
    stopping.abort();
    setTimeout(() => process.exit(1), env.STOP_DELAY_SECONDS * 1000 + stopWithinMs).unref();
    await Promise.all([
      runtime.close(),
      vault ? vault.close() : undefined,
      internal.close(),
      background?.stop(),
      rotations.stop(),
      reminders.stop(),
      passwords.stop(),
    ]);
    await pool.close();
    if (metrics) metrics.close();
    await keyring.close();
    await closeDb();
    await log.flush();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

main().catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`${startupError(error)}\n`);
  process.exit(1);
});

function startupError(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE" && "port" in error) {
    const env = automateEnv();
    const names = ["AUTOMATE_PORT", "AUTOMATE_INTERNAL_PORT", "AUTOMATE_VAULT_PORT", "METRICS_PORT"] as const;
    const name = names.find((variable) => env[variable] === error.port) ?? "AUTOMATE_PORT";
    return `Port ${error.port} is in use. Set ${name} to a free port.`;
  }
  return `Automate cannot start. ${error.message}`;
}
