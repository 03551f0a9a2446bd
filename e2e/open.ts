import type { Page } from "@playwright/test";

/** Opens a page and waits until it responds to clicks. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await ready(page);
}

/**
 * Waits until React has hydrated every button, because an earlier click would be lost. On a busy machine a page
 * sometimes loads without its scripts, so this reloads it once; a second failure fails the test.
 */
export async function ready(page: Page): Promise<void> {
  await takenOver(page).catch(async () => {
    await page.reload();
    await takenOver(page);
  });
}

async function takenOver(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll("main button, nav button, header button")].every((button) =>
        Object.keys(button).some((key) => key.startsWith("__reactProps")),
      ),
    undefined,
    // Without an interval, the browser would draw a frame for each attempt.
    { timeout: 20_000, polling: 50 },
  );
}
