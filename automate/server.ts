import { fileURLToPath } from "node:url";
import { createApp } from "@/automate/app";
import { createCheckPool } from "@/automate/check-pool";
import { createFabricKeys, requireMasterKey } from "@/automate/fabric-keys";
import { purge } from "@/automate/purge";
import { db } from "@/lib/db";
import { requireDatabaseRole } from "@/lib/db-role";
import { automateEnv } from "@/lib/env";
import { openLocalKms } from "@/lib/kms/local";

const purgeEveryMs = 10 * 60_000;

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
  const app = createApp({ keys: createFabricKeys(db, kms, env.AUTOMATE_SIGNING_KEY), pool, logger: true });
  await app.listen({ host: env.AUTOMATE_HOST, port: env.AUTOMATE_PORT });

  const purging = setInterval(
    () => purge().catch((error: Error) => app.log.error({ error: error.name }, "purge failed")),
    purgeEveryMs,
  );
  const stop = async () => {
    clearInterval(purging);
    await app.close();
    await pool.close();
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
    return `Port ${automateEnv().AUTOMATE_PORT} is taken: set AUTOMATE_PORT to a free one.`;
  return `Automate cannot start. ${error.message}`;
}
