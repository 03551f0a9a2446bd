import type { Locator, Page } from "@playwright/test";
import { checkPanel, connectionRow, picker } from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { field, secretRow } from "@/e2e/secrets-screen";
import { createPostgresLogin } from "@/testing/servers/postgres-login";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";

/** Presses Tab until the wanted element has the focus, as a person would who watches it move. */
async function tabTo(page: Page, target: Locator, most = 60): Promise<void> {
  for (let i = 0; i < most; i++) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The keyboard does not reach ${target}.`);
}

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

test("the keyboard starts with the skip link and the main navigation, also above tabs", async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  // Once wide, and once so narrow that the page scrolls to the current tab.
  for (const { width, path } of [
    { width: 1280, path: "/metadata" },
    { width: 320, path: `/metadata/fabrics/${tenant.fabric.id}/activity` },
  ]) {
    await page.setViewportSize({ width, height: 800 });
    await open(page, path);
    await expect(page.locator("nav a[aria-current=page]").last()).toBeInViewport({ ratio: 1 });
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Selvage, home" })).toBeFocused();
  }
});

test("a person goes from a fabric to a secret to a checked connection with the keyboard alone", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  test.slow();
  const login = await createPostgresLogin(stack().databaseUrl, { password: canary.value() });
  await signIn(context, tenant.user);
  await open(page, "/metadata");

  // The fabric, its Secrets tab, and a secret.
  await press(page, page.getByRole("link", { name: tenant.fabric.name, exact: true }));
  await expect(page.getByRole("heading", { name: tenant.fabric.name })).toBeVisible();
  await press(page, page.getByRole("link", { name: /^Secrets/ }));
  await expect(page.getByText("No secrets yet")).toBeVisible();
  await press(page, page.getByRole("button", { name: "Add Secret" }));
  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await expect(dialog).toBeVisible();
  await tabTo(page, dialog.getByRole("radio", { name: "Text" }));
  await page.keyboard.press("ArrowDown");
  await expect(dialog.getByRole("radio", { name: "Binary" })).toBeChecked();
  await page.keyboard.press("ArrowUp");
  await expect(dialog.getByRole("radio", { name: "Text" })).toBeChecked();
  await tabTo(page, field(dialog, "Name"));
  await page.keyboard.type("first_token");
  await tabTo(page, field(dialog, "Value"));
  await page.keyboard.type(canary.value());
  await press(page, dialog.getByRole("button", { name: "Create" }));
  await expect(secretRow(page, "first_token")).toBeVisible();

  // A connection, with a secret created inside its picker.
  await press(page, page.getByRole("link", { name: /^Connections/ }));
  await press(page, page.getByRole("link", { name: "Add connection" }));
  await tabTo(page, page.getByLabel("Search kinds of connection"));
  await page.keyboard.type("postgres");
  await press(page, page.getByRole("link", { name: "PostgreSQL" }));
  const typed = {
    "Connection Name": "Warehouse",
    Server: login.server,
    Port: login.port,
    Database: login.database,
    Username: login.username,
  };
  for (const [label, value] of Object.entries(typed)) {
    await tabTo(page, field(page, label));
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(value);
  }
  await tabTo(page, page.getByRole("combobox", { name: "Encryption" }));
  await page.keyboard.type("No enc");
  await expect(page.getByRole("combobox", { name: "Encryption" })).toHaveValue("disable");

  await page.keyboard.press("Shift+Tab");
  await tabTo(page, picker(page, "Password"));
  await page.keyboard.press("Enter");
  const popup = page.getByRole("dialog", { name: "Password", exact: true });
  await expect(popup.getByRole("combobox", { name: "Search secrets" })).toBeFocused();
  await expect(popup.getByRole("option", { name: "first_token" })).toBeVisible();
  await press(page, popup.getByRole("button", { name: "New Secret" }));
  await expect(dialog).toBeVisible();
  await tabTo(page, field(dialog, "Name"));
  await page.keyboard.type("warehouse_password");
  await tabTo(page, field(dialog, "Value"));
  await page.keyboard.type(login.password);
  await press(page, dialog.getByRole("button", { name: "Create" }));
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();

  // Another secret, chosen with the arrow keys; the check fails and names its field; back to the right one.
  await tabTo(page, picker(page, "Password"));
  await page.keyboard.press("Enter");
  await expect(popup.getByRole("combobox", { name: "Search secrets" })).toBeFocused();
  await page.keyboard.type("first");
  await expect(popup.getByRole("option", { name: "warehouse_password" })).toHaveCount(0);
  await expect(popup.getByRole("option", { name: "first_token" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(checkPanel(page).getByText("rejected these credentials")).toBeVisible();
  await press(page, checkPanel(page).getByRole("button", { name: "Show the field" }));
  await expect(picker(page, "Password")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(popup.getByRole("combobox", { name: "Search secrets" })).toBeFocused();
  await page.keyboard.type("warehouse");
  await expect(popup.getByRole("option", { name: "first_token" })).toHaveCount(0);
  await expect(popup.getByRole("option", { name: "warehouse_password" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await press(page, page.getByRole("button", { name: "Save", exact: true }));
  await expect(connectionRow(page, "Warehouse")).toContainText("Connected");
  await press(page, page.getByRole("button", { name: "Check Warehouse" }));
  await expect(page.getByText("Warehouse: the check passed")).toBeVisible();
  await login.drop();
});
