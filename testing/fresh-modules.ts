import { afterAll, vi } from "vitest";

// The files of one worker share its process, so that packages are loaded once. Each finds our own modules as yet unread, and the
// environment and the database clients of `lib/db/client` and `lib/db/prepared` as the first file did.
vi.resetModules();
const environment = { ...process.env };
const shared = globalThis as typeof globalThis & {
  selvageDb?: { $disconnect(): Promise<void> };
  selvageLog?: object;
  selvageRefusals?: { timer?: NodeJS.Timeout; hourly?: NodeJS.Timeout };
  selvageStatements?: Map<string, { end(): Promise<void> }>;
};

// What a file before left under way may have opened the clients of its own database again.
delete shared.selvageDb;
delete shared.selvageStatements;

afterAll(async () => {
  await shared.selvageDb?.$disconnect();
  await Promise.all([...(shared.selvageStatements?.values() ?? [])].map((pool) => pool.end()));
  clearTimeout(shared.selvageRefusals?.timer);
  clearInterval(shared.selvageRefusals?.hourly);
  delete shared.selvageLog;
  delete shared.selvageRefusals;
  delete shared.selvageDb;
  delete shared.selvageStatements;
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
