import { fileURLToPath } from "node:url";
import { createApp } from "@/automate/app";
import { startBackgroundChecks } from "@/automate/background-checks";
import { createCheckPool } from "@/automate/check-pool";
import { createFabricKeys, requireMasterKey } from "@/automate/fabric-keys";
import { serveMetrics } from "@/automate/metrics";
import { purge } from "@/automate/purge";
import { createPreparedRuns } from "@/automate/run-prepared-check";
import { db } from "@/lib/db";
import { requireDatabaseRole } from "@/lib/db-role";
import { automateEnv } from "@/lib/env";
import { openLocalKms } from "@/lib/kms/local";
import { closeStatements } from "@/lib/statements";

const purgeEveryMs = 10 * 60_000;
/** Answers that are under way are waited for no longer than this. */
const stopWithinMs = 30_000;

/** Starts automate, or says in one sentence why not. */
async function main(): Promise<void> {
  const env = automateEnv();
  const kms = await openLocalKms(env.MASTER_KEY_FILE);
  await requireDatabaseRole("automate");
  await requireMasterKey(kms);

  const isSource = import.meta.url.endsWith(".ts");
  const workerPath = fileURLToPath(
    new URL(isSource ? "./check-worker.ts" : "./check-worker.mjs", import.meta.url),
  );
  const pool = createCheckPool({ workerPath });
  const keys = createFabricKeys(db, kms, env.AUTOMATE_SIGNING_KEY);
  const runPrepared = createPreparedRuns({ keys, pool });
  const app = createApp({ keys, runPrepared, logger: true });
  await app.listen({ host: env.AUTOMATE_HOST, port: env.AUTOMATE_PORT });
  const metrics =
    env.METRICS_PORT && (await serveMetrics({ host: env.METRICS_HOST, port: env.METRICS_PORT }));

  const background =
    env.BACKGROUND_CHECKS === "on"
      ? await startBackgroundChecks({
          runPrepared,
          databaseUrl: env.AUTOMATE_DATABASE_URL,
          minutes: env.BACKGROUND_CHECK_MINUTES,
          onError: (error) => app.log.error({ error }, "background check failed"),
        })
      : null;
  const purging = setInterval(
    () => purge().catch((error: Error) => app.log.error({ error: error.name }, "purge failed")),
    purgeEveryMs,
  );
  const stop = async () => {
    clearInterval(purging);
    setTimeout(() => process.exit(1), env.STOP_DELAY_SECONDS * 1000 + stopWithinMs).unref();
    await Promise.all([app.close(), background?.stop()]);
    await pool.close();
    if (metrics) metrics.close();
    await closeStatements();
    await db.$disconnect();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

main().catch((error: NodeJS.ErrnoException) => {
  process.stderr.write(`${bootSentence(error)}\n`);
  process.exit(1);
});

function bootSentence(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE")
    return "port" in error && error.port === automateEnv().METRICS_PORT
      ? `Port ${automateEnv().METRICS_PORT} is taken: set METRICS_PORT to a free one.`
      : `Port ${automateEnv().AUTOMATE_PORT} is taken: set AUTOMATE_PORT to a free one.`;
  return `Automate cannot start. ${error.message}`;
}
