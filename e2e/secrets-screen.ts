import { expect, type Locator, type Page } from "@playwright/test";
import { open } from "@/e2e/open";
import type { Fabric } from "@/testing/tenant";

export type FileToChoose = { name: string; mimeType: string; buffer: Buffer };
/** The input of the dialog Add Secret; the keys of `fields` are the labels. */
export type NewSecret =
  | { type: "Text"; name: string; value: string | FileToChoose }
  | { type: "Binary"; name: string; value: FileToChoose }
  | { type: "Username & Password" | "M2M OAuth"; name: string; fields: Record<string, string> };

export function secretsPath({ id }: Fabric): string {
  return `/metadata/fabrics/${id}/secrets`;
}

/** Opens the dialog from the Secrets tab, where the page may be already. */
export async function openAddSecret(page: Page, fabric: Fabric): Promise<Locator> {
  if (!page.url().endsWith(secretsPath(fabric))) await open(page, secretsPath(fabric));
  await page.getByRole("button", { name: "Add Secret" }).click();
  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Adds a secret as a person does, and waits until the table shows it. */
export async function addSecret(page: Page, fabric: Fabric, secret: NewSecret): Promise<void> {
  const dialog = await openAddSecret(page, fabric);
  await fillSecret(page, dialog, secret);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(secretRow(page, secret.name)).toBeVisible();
}

export async function fillSecret(page: Page, dialog: Locator, secret: NewSecret): Promise<void> {
  await chooseType(dialog, secret.type);
  await field(dialog, "Name").fill(secret.name);
  if ("fields" in secret) {
    for (const [label, value] of Object.entries(secret.fields)) await field(dialog, label).fill(value);
  } else if (typeof secret.value === "string") await field(dialog, "Value").fill(secret.value);
  else
    await chooseFile(
      page,
      dialog.getByRole("button", { name: secret.type === "Text" ? "Load from file" : "Value" }),
      secret.value,
    );
}

export async function chooseType(dialog: Locator, type: NewSecret["type"]): Promise<void> {
  // A field of a connection that takes one type offers no choice.
  if ((await dialog.getByRole("radio").count()) === 0)
    return expect(dialog.getByText(type, { exact: true })).toBeVisible();
  const radio = dialog.getByRole("radio", { name: type, exact: true });
  // Keyboards and screen readers use the radio itself; a pointer clicks its card.
  await dialog
    .locator("label")
    .filter({ has: dialog.page().getByRole("radio", { name: type, exact: true }) })
    .click();
  await expect(radio).toBeChecked();
}

/** Closes a dialog that has input, and confirms the loss. */
export async function discard(page: Page, dialog: Locator): Promise<void> {
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click();
  await expect(dialog).toHaveCount(0);
}

/** A field by its exact label: "Password" is not "Show password". */
export function field(within: Locator | Page, label: string): Locator {
  return within
    .getByRole("textbox", { name: label, exact: true })
    .or(within.locator("input[type=password]").and(within.getByLabel(label, { exact: true })));
}

export async function chooseFile(page: Page, button: Locator, file: FileToChoose): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await button.click();
  await (await chooser).setFiles(file);
  await expect(page.getByText(file.name).first()).toBeVisible();
}

export function secretRow(page: Page, name: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
}

/** Opens the page of one secret from the table. */
export async function openSecret(page: Page, fabric: Fabric, name: string): Promise<void> {
  await open(page, secretsPath(fabric));
  await secretRow(page, name).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { name, exact: true })).toBeVisible();
}

/** The dialog that a button of a secret's page opens. */
export async function openDialog(page: Page, button: string, title = button): Promise<Locator> {
  await page.getByRole("button", { name: button, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: title });
  await expect(dialog).toBeVisible();
  return dialog;
}
