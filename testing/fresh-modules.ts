import { afterAll, vi } from "vitest";
import { processState } from "@/lib/process-state";

type Shared = {
  db: { $disconnect(): Promise<void> };
  pool: { end(): Promise<void> };
  readers: NodeJS.Timeout;
  refusals: { timer?: NodeJS.Timeout; hourly?: NodeJS.Timeout };
};

// The test files of one Vitest worker share its process, so that packages load once. Each file has our own modules,
// the environment and the state of a process anew: work that an earlier file left running keeps its own database.
vi.resetModules();
const environment = { ...process.env };
delete (globalThis as { selvage?: object }).selvage;
const shared = processState<Shared>();

afterAll(async () => {
  await shared.db?.$disconnect();
  await shared.pool?.end();
  clearInterval(shared.readers);
  clearTimeout(shared.refusals?.timer);
  clearInterval(shared.refusals?.hourly);
  delete shared.db;
  delete shared.pool;
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
