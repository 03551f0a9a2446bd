import { closeSync, openSync } from "node:fs";
import { afterEach, beforeAll, expect, it } from "vitest";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

/* A full log loses lines; automate still answers. */
let automates: ReturnType<typeof createTestAutomates>;
beforeAll(async () => {
  const [keys, urls] = [await createTestKeys(), await createTestDatabase("automate")];
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
});
afterEach(() => automates.stopAll());

/** Each request without a token logs a line. Together the lines exceed a pipe's buffer. */
async function fillLog(url: string): Promise<void> {
  for (let batch = 0; batch < 40; batch += 1) {
    const requests = Array.from({ length: 50 }, () =>
      fetch(`${url}/v1/secrets/any`, { signal: AbortSignal.timeout(5000) }),
    );
    for (const { status } of await Promise.all(requests)) expect(status).toBe(401);
  }
}

const health = async (url: string) =>
  (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) })).status;

it.skipIf(process.platform !== "linux")("automate answers while its log's disk is full", async () => {
  const full = openSync("/dev/full", "w");
  const { url, process: program } = await automates.start({}, [], full);
  closeSync(full);
  await fillLog(url);
  expect(await health(url)).toBe(200);
  expect(program.exitCode).toBeNull();
});

it("automate answers while no process reads its log", async () => {
  const { url, process: program } = await automates.start({}, [], "pipe");
  await fillLog(url);
  expect(await health(url)).toBe(200);
  program.stdout?.resume();
  program.kill("SIGTERM");
  expect(await new Promise((resolve) => program.once("exit", resolve))).toBe(0);
});
