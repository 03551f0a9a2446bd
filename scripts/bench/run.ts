import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { startPostgres } from "@/launcher/embedded-postgres.mjs";
import { managementRows } from "@/scripts/bench/management-rows";
import { pgbenchRows } from "@/scripts/bench/pgbench";
import { createBenchProcesses } from "@/scripts/bench/processes";
import { printRotations } from "@/scripts/bench/rotation";
import { runtimeRows } from "@/scripts/bench/runtime-rows";
import { seed, seedHuge, seedLarge } from "@/scripts/bench/seed";
import { printTable } from "@/scripts/bench/table";
import { startWeb } from "@/scripts/bench/web";
import { yardsticks } from "@/scripts/bench/yardsticks";
import { createTestAutomates } from "@/testing/automate";
import preparePrograms from "@/testing/built-programs";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

/*
 * The benchmark. Postgres has its default durability (every commit reaches the disk). Automate and web run as
 * in production. The load generator is a separate process. Everything runs on this machine.
 *   SECONDS=4 ROWS=resolve CLIENTS=64 PROFILE_DIR=/tmp/profiles npm run bench
 */
const seconds = Number(process.env.SECONDS ?? 4);
const wanted = new RegExp(process.env.ROWS ?? ".");
/** The rotations have a table of their own, and need no web. */
const isOnlyRotations = process.env.ROWS === "rotation";
const clients = (process.env.CLIENTS ?? "1,8,64").split(",").map(Number);
const profileDir = process.env.PROFILE_DIR;
const nodeOptions = profileDir ? ["--cpu-prof", `--cpu-prof-dir=${profileDir}`] : [];
const dir = await mkdtemp(join("/tmp", "selvage-bench-"));
const postgres = await startPostgres({ dir, password: "bench", flags: ["max_connections=300"] });
Object.assign(process.env, { TEST_DATABASE_URL: postgres.url("postgres"), TEST_TEMPLATE: "bench_template" });
const keys = await createTestKeys();
Object.assign(process.env, keys.web, keys.automate);
const urls = await createTestDatabase("automate");
const removePrograms = preparePrograms();
const automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
const processes = createBenchProcesses();
try {
  const fabrics = await seed(urls);
  const { DB_PREPARED_STATEMENTS = "on" } = process.env;
  const automate = await automates.start(
    // One token may send everything.
    {
      NODE_ENV: "production",
      DB_PREPARED_STATEMENTS,
      RUNTIME_RATE_PER_MINUTE: "10000000",
      RUNTIME_ADDRESS_RATE_PER_MINUTE: "10000000",
      RUNTIME_CONCURRENCY: "1000",
    },
    nodeOptions,
  );
  const runtime = runtimeRows(processes, { automateUrl: automate.url, fabrics }, seconds);
  if (!isOnlyRotations) {
    const web = await startWeb(keys, {
      webUrl: urls.webUrl,
      automateUrl: automate.internalUrl,
      log: join(dir, "web.log"),
      nodeOptions,
    });
    const large = await seedLarge(urls);
    const bareUrl = await processes.startBareServer();
    const rows = [
      ...yardsticks(processes, { ownerUrl: urls.ownerUrl, bareUrl, fabrics }, seconds),
      ...(await pgbenchRows(urls.ownerUrl, dir, seconds)),
      ...runtime,
      ...managementRows(processes, { webUrl: web.url, pid: web.pid, fabric: large }, seconds),
    ];
    await printTable(
      rows.filter(({ title }) => wanted.test(title)),
      clients,
      automate.process.pid,
    );
    await web.stop();
  }
  const [resolve] = runtime;
  if (resolve && wanted.test("rotation"))
    await printRotations({
      ownerUrl: urls.ownerUrl,
      automate: {
        internalUrl: automate.internalUrl,
        signingKey: keys.web.WEB_SIGNING_KEY,
        pid: automate.process.pid,
      },
      fabric: await seedHuge(urls, Number(process.env.VALUES ?? 100_000)),
      resolve: () => resolve.run(8),
    });
  // Node.js writes a profile when the process exits.
  automate.process.kill();
  await once(automate.process, "exit");
} finally {
  processes.stop();
  automates.stopAll();
  removePrograms();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(0);
