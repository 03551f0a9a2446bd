import type { Page } from "@playwright/test";
import axe from "axe-core";
import { expect } from "@/e2e/fixtures";

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Expects no violation of WCAG 2.2 A/AA or of best practice on the current screen. */
export async function expectAccessible(
  page: Page,
  name: string,
  themes: readonly ("light" | "dark")[],
): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveClass(new RegExp(`\\b${colorScheme}\\b`));
    // Rules that do not depend on colours run in one theme only.
    const found = await violations(page, colorScheme === themes[0] ? "all" : "colours");
    expect(found, `${name}, ${colorScheme}`).toEqual([]);
  }
}

/** `expectAccessible` for a state in the middle of a journey: only in `npm run test:long`. */
export async function expectAccessibleState(
  page: Page,
  name: string,
  themes: readonly ("light" | "dark")[],
): Promise<void> {
  if (process.env.RUN_LONG) await expectAccessible(page, name, themes);
}

/** The violations on the current screen, one line each. */
export async function violations(page: Page, of: "all" | "colours" = "all"): Promise<string[]> {
  // Runs through the browser's devtools, which the page's content security policy does not block.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))),
  );
  const runOnly: axe.RunOnly =
    of === "all"
      ? { type: "tag", values: rules }
      : { type: "rule", values: ["color-contrast", "link-in-text-block"] };
  const found = await page.evaluate(
    (wanted) => window.axe.run(document, { runOnly: wanted, resultTypes: ["violations"] }),
    runOnly,
  );
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Expects no element to be wider than the screen. */
export async function expectNoSidewaysScroll(page: Page, name: string): Promise<void> {
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect
    .poll(overflow, { message: `px that ${name} is too wide`, timeout: 2_000 })
    .toBeLessThanOrEqual(0);
}
