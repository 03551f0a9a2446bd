import { randomBytes } from "node:crypto";
import { type BrowserContext, test as base, expect, type Page } from "@playwright/test";
import { type RecordingProxy, startRecordingProxy } from "@/e2e/recording-proxy";
import { findLeaks, type Leak } from "@/testing/canary";
import { findLeaksInLogs, findLeaksInTables } from "@/testing/leak-scan";
import { stack } from "@/testing/stack-address";
import { createTenant, type Tenant } from "@/testing/tenant";

export { expect };

/** Creates the secret values of this test, each recognisable wherever it appears. */
export type Canary = {
  /** The prefix of each value of this test. */
  readonly mark: string;
  /** A new secret value. */
  value(): string;
  /** True once the test has asked for its prefix or a value. */
  readonly isUsed: boolean;
};

type TestFixtures = { canary: Canary; tenant: Tenant; expectConsoleError: (pattern: RegExp) => void };
type HiddenFixtures = { consoleErrors: string[]; watch: undefined };
type WorkerFixtures = { recorder: RecordingProxy };

export const test = base.extend<TestFixtures & HiddenFixtures, WorkerFixtures>({
  recorder: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names out of the pattern
    async ({}, use) => {
      const proxy = await startRecordingProxy();
      await use(proxy);
      await proxy.close();
    },
    { scope: "worker" },
  ],
  proxy: async ({ recorder }, use) => use({ server: recorder.url }),

  // biome-ignore lint/correctness/noEmptyPattern: as above
  canary: async ({}, use) => {
    const mark = `${stack().canary}${randomBytes(4).toString("hex")}`;
    let isUsed = false;
    const takeMark = () => {
      isUsed = true;
      return mark;
    };
    await use({
      get mark() {
        return takeMark();
      },
      value: () => `${takeMark()}${randomBytes(6).toString("hex")}`,
      get isUsed() {
        return isUsed;
      },
    });
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  tenant: async ({}, use) => use(await createTenant()),

  // biome-ignore lint/correctness/noEmptyPattern: as above
  consoleErrors: async ({}, use) => use([]),
  expectConsoleError: async ({ consoleErrors }, use) => {
    const expected: RegExp[] = [];
    await use((pattern) => expected.push(pattern));
    for (const pattern of expected) {
      const at = consoleErrors.findIndex((message) => pattern.test(message));
      expect(at, `a console error like ${pattern}`).toBeGreaterThanOrEqual(0);
      consoleErrors.splice(at, 1);
    }
  },

  /**
   * After each test: expects no leak, no blocked script or style, and no console error. Searches for
   * leaks only if the test asked for a value or their prefix: no other test can leak one.
   */
  watch: [
    async ({ context, recorder, canary, consoleErrors }, use, testInfo) => {
      await recorder.take();
      await watchConsole(context, consoleErrors);
      await use(undefined);
      if (canary.isUsed) await expectNoLeaks(context, recorder, canary.mark);
      if (testInfo.status === testInfo.expectedStatus)
        expect(consoleErrors, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});

async function watchConsole(context: BrowserContext, errors: string[]): Promise<void> {
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`Blocked by ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`),
    );
  });
  context.on("weberror", (error) => errors.push(String(error.error())));
  context.on("console", (message) => {
    // A test may provoke an error status on purpose; that is no fault of the page.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      errors.push(message.text());
  });
}

async function expectNoLeaks(context: BrowserContext, recorder: RecordingProxy, mark: string): Promise<void> {
  // A closing dialog removes its fields only after it has faded.
  const inPages = async () => (await Promise.all(context.pages().map(findLeaksInPage(mark)))).flat();
  await expect.poll(inPages, { message: "values that stay in a page", timeout: 5_000 }).toEqual([]);
  const leaks = await findAllLeaks(recorder, mark);
  expect(leaks, "values that were seen outside").toEqual([]);
}

async function findAllLeaks(recorder: RecordingProxy, mark: string): Promise<Leak[]> {
  const responses = await recorder.take();
  return [
    ...responses.flatMap(({ request, content }) => findLeaks(`answer to ${request}`, content, mark)),
    ...(await findLeaksInLogs(stack().dir, mark)),
    ...(await findLeaksInTables(stack().databaseUrl, mark)),
  ];
}

/** Searches the current page: its document and the values of its fields. */
export function findLeaksInPage(mark: string): (page: Page) => Promise<Leak[]> {
  return async (page) => {
    if (page.isClosed()) return [];
    const fields = await page
      .locator("input, textarea")
      .evaluateAll((all) => all.map((field) => ("value" in field ? String(field.value) : "")));
    return findLeaks(`page ${page.url()}`, `${await page.content()}\n${fields.join("\n")}`, mark);
  };
}
