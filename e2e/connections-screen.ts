import { expect, type Locator, type Page } from "@playwright/test";
import { open } from "@/e2e/open";
import { field } from "@/e2e/secrets-screen";
import type { Fabric } from "@/testing/tenant";

export function connectionsPath({ id }: Fabric): string {
  return `/metadata/fabrics/${id}/connections`;
}

/** Opens Add connection for one kind through the gallery, as a person does. */
export async function startConnection(page: Page, fabric: Fabric, kind: string): Promise<void> {
  await open(page, `${connectionsPath(fabric)}/new`);
  await page.getByLabel("Search kinds of connection").fill(kind);
  await page
    .getByRole("main")
    .getByRole("link", { name: new RegExp(`^${kind}\\b`) })
    .click();
  await expect(field(page, "Connection Name")).toBeVisible();
}

/** Fills text fields by label, and selects by option text. */
export async function fillConnection(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    const select = page.getByRole("combobox", { name: label, exact: true }).and(page.locator("select"));
    if ((await select.count()) > 0) await select.selectOption(value);
    else await field(page, label).fill(value);
  }
}

/** The picker of a credential field: its trigger, and the popup that the trigger opens. */
export function picker(page: Page, label: string): Locator {
  return page.getByRole("combobox", { name: label, exact: true }).and(page.locator("button"));
}

export async function openPicker(page: Page, label: string): Promise<Locator> {
  await picker(page, label).click();
  const popup = page.getByRole("dialog", { name: label, exact: true });
  await expect(popup.getByRole("combobox", { name: "Search secrets" })).toBeVisible();
  return popup;
}

export async function chooseSecret(page: Page, label: string, name: string): Promise<void> {
  const popup = await openPicker(page, label);
  await clickAtRest(popup.getByRole("option", { name }));
  await expect(popup).toBeHidden();
  await expect(picker(page, label)).toContainText(name);
}

/** Clicks a part of a popup. Scrolling the page can move the popup to the other side, so this waits until it rests. */
export async function clickAtRest(part: Locator): Promise<void> {
  await part.hover();
  await part.click();
}

/** Opens New Secret at the bottom of a picker. */
export async function openNewSecret(page: Page, label: string): Promise<Locator> {
  const popup = await openPicker(page, label);
  await clickAtRest(popup.getByRole("button", { name: "New Secret" }));
  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await expect(dialog).toBeVisible();
  return dialog;
}

export function checkPanel(page: Page): Locator {
  return page.getByRole("region", { name: "Check" });
}

export function connectionRow(page: Page, name: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}
