import { availableParallelism } from "node:os";
import { defineConfig, devices } from "@playwright/test";
import { findBrowser, launchArguments } from "@/scripts/browser.mjs";

const executablePath = await findBrowser();

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  globalSetup: "./e2e/stack.ts",
  outputDir: "test-results/e2e",
  fullyParallel: true,
  // Only for `npm run test:long`: what starts or ends whole programs, and second ways to a promise of another test.
  ...(process.env.RUN_LONG ? {} : { grepInvert: /@long/ }),
  forbidOnly: true,
  // One more than there are cores, as many wait for a program.
  workers: availableParallelism() + 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "line",
  projects: [
    { name: "journeys", testIgnore: "database-files.spec.ts", teardown: "what they left" },
    { name: "what they left", testMatch: "database-files.spec.ts" },
  ],
  use: {
    ...devices["Desktop Chrome"],
    // The stack's address is known to its workers only, once it runs.
    ...(process.env.E2E_BASE_URL && { baseURL: process.env.E2E_BASE_URL }),
    // Animations took a sixth of the browser's time.
    contextOptions: { reducedMotion: "reduce" },
    locale: "en-GB",
    timezoneId: "Pacific/Chatham",
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: { args: launchArguments, ...(executablePath && { executablePath }) },
  },
});
