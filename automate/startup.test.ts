import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { listen } from "@/e2e/fakes/listening";
import { createTestAutomates } from "@/scripts/test-automate";
import { createTestDatabase, type TestDatabase } from "@/scripts/test-database";
import { createTestKeys } from "@/scripts/test-keys";
import { openWire } from "@/scripts/test-wire";

let keys: Awaited<ReturnType<typeof createTestKeys>>;
let urls: TestDatabase;
const automates = createTestAutomates(() => keys.automate);

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
});

afterAll(() => {
  automates.stopAll();
  automates.remove();
});

test("automate that is started before its database is alive, not ready, and serves soon after the database does", async () => {
  const free = await listen(createServer());
  await free.close();
  const early = new URL(urls.automateUrl);
  Object.assign(early, { hostname: "127.0.0.1", port: String(free.port) });
  const { url, process } = await automates.launch({ AUTOMATE_DATABASE_URL: early.href });
  const status = (path: string) =>
    fetch(`${url}${path}`).then(
      (answer) => answer.status,
      () => 0,
    );
  await vi.waitFor(async () => expect(await status("/healthz")).toBe(200), 15_000);
  expect(await status("/readyz")).toBe(503);
  expect(await status("/v1/secrets/one")).toBe(503);
  const wire = await openWire(urls.automateUrl, free.port);
  await vi.waitFor(async () => expect(await status("/readyz")).toBe(200), { timeout: 10_000, interval: 50 });
  expect(process.exitCode).toBeNull();
  await wire.close();
});
