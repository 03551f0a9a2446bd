import type { Page } from "@playwright/test";

/** Goes to a page and waits until it answers to clicks. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await ready(page);
}

/**
 * Until React has taken over every button that the server sent: an earlier click would be lost. A page that got no scripts, as
 * happens now and then on a crowded machine, is loaded once more; one that fails twice fails the test.
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
    { timeout: 20_000 },
  );
}
