import { afterAll, vi } from "vitest";

// The test files of one Vitest worker share its process, so that packages load once. Between files, this
// resets our own modules, the environment, and the database client and pool of `lib/db`.
vi.resetModules();
const environment = { ...process.env };
const shared = globalThis as typeof globalThis & {
  selvageDb?: { $disconnect(): Promise<void> };
  selvageLog?: object;
  selvageRefusals?: { timer?: NodeJS.Timeout; hourly?: NodeJS.Timeout };
  selvagePool?: { end(): Promise<void> };
  selvageReaders?: NodeJS.Timeout;
};

// Work left running by the previous file may have reopened clients of that file's database.
delete shared.selvageDb;
delete shared.selvagePool;

afterAll(async () => {
  await shared.selvageDb?.$disconnect();
  await shared.selvagePool?.end();
  clearInterval(shared.selvageReaders);
  delete shared.selvageReaders;
  clearTimeout(shared.selvageRefusals?.timer);
  clearInterval(shared.selvageRefusals?.hourly);
  delete shared.selvageLog;
  delete shared.selvageRefusals;
  delete shared.selvageDb;
  delete shared.selvagePool;
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
