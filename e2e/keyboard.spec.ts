import type { Locator, Page } from "@playwright/test";
import { addToken, fieldsOf } from "@/e2e/bearer-api";
import {
  checkPanel,
  connectionRow,
  connectionsPath,
  fillConnection,
  picker,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { field, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { createPostgresLogin } from "@/testing/servers/postgres-login";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database } from "@/testing/tenant";

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

test("a person replaces a value, deletes the secret and undoes that with the keyboard alone", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const next = canary.value();
  const fields = { username: "svc", password: canary.value() };
  const input = { subKind: "username_password", name: "login", fields };
  expect(
    await callAction(await callerOf(tenant.user), "createSecretAction", [tenant.fabric.id, input]),
  ).toMatchObject({
    ok: true,
  });
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  await press(page, page.getByRole("link", { name: "login", exact: true }));
  const replace = page.getByRole("button", { name: "Replace value" });
  await press(page, replace);

  // The dialog starts at its first field. A field that is kept again does not lose the focus.
  const dialog = page.getByRole("dialog", { name: "Replace value" });
  await expect(dialog.getByRole("button", { name: "Replace Username" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(field(dialog, "Username")).toBeFocused();
  await press(page, dialog.getByRole("button", { name: "Keep Username" }));
  await expect(dialog.getByRole("button", { name: "Replace Username" })).toBeFocused();
  await press(page, dialog.getByRole("button", { name: "Replace Password" }));
  await expect(field(dialog, "Password")).toBeFocused();
  await page.keyboard.type(next);
  // Escape asks first, and a second one goes back to the field.
  await page.keyboard.press("Escape");
  const question = page.getByRole("alertdialog");
  await expect(question.getByRole("button", { name: "Keep editing" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(field(dialog, "Password")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(replace).toBeFocused();
  const pipeline = await startPipeline(tenant);
  expect((await pipeline.read("login")).value).toEqual({ username: "svc", password: next });

  const remove = page.getByRole("button", { name: "Delete", exact: true });
  await press(page, remove);
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(remove).toBeFocused();
  // Once automate has stored that a pipeline reads it, the dialog asks for the name.
  const readers = `SELECT 1 FROM secret_reader r JOIN secret s ON s.id = r."secretId" WHERE s."fabricId" = $1`;
  await expect
    .poll(async () => (await database().query(readers, [tenant.fabric.id])).rowCount, { timeout: 15_000 })
    .toBe(1);
  await page.reload();
  await press(page, remove);
  await expect(question.getByLabel("To confirm, type login")).toBeFocused();
  await page.keyboard.type("logi");
  await page.keyboard.press("Enter");
  await expect(question).toBeVisible();
  await page.keyboard.type("n");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No secrets yet")).toBeVisible();
  await expect(page.locator("#main")).toBeFocused();
  await press(page, page.getByRole("button", { name: "Undo" }));
  await expect(secretRow(page, "login")).toBeVisible();
});

test("a person requests approval of a destination, and an Admin approves, with the keyboard alone", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const value = canary.value();
  const api = await startRestApiServer({ bearer: value });
  const secretId = await addToken(tenant, tenant.admin, value);
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl));
  // Escape closes the picker, and New Secret inside it, without losing the place.
  const token = picker(page, "Token");
  await tabTo(page, token);
  await page.keyboard.press("Enter");
  const popup = page.getByRole("dialog", { name: "Token", exact: true });
  const search = popup.getByRole("combobox", { name: "Search secrets" });
  await expect(search).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(token).toBeFocused();
  await page.keyboard.press("Enter");
  await press(page, popup.getByRole("button", { name: "New Secret" }));
  const added = page.getByRole("dialog", { name: "Add Secret" });
  await expect(field(added, "Name")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(added).toHaveCount(0);
  await expect(token).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(search).toBeFocused();
  await expect(popup.getByRole("option", { name: "api_token" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(token).toBeFocused();

  const panel = checkPanel(page);
  await expect(panel.getByText("This destination is not allowed for this secret yet.")).toBeVisible();
  await tabTo(page, panel.getByLabel("Reason"));
  await page.keyboard.type("The monthly report");
  await page.keyboard.press("Enter");
  await expect(panel.getByText(/^Approval requested\./)).toBeVisible();
  await expect(panel).toBeFocused();
  await press(page, page.getByRole("button", { name: "Save", exact: true }));
  await expect(connectionRow(page, "Orders")).toContainText("Waiting for approval");

  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  const waiting = page.getByRole("region", { name: "Waiting for approval (1)" });
  await press(page, waiting.getByRole("button", { name: /^Allow/ }));
  await expect(waiting).toBeHidden();
  await expect(page.locator("#main")).toBeFocused();
  const allowed = page.getByRole("region", { name: "Allowed destinations" });
  await press(page, allowed.getByRole("button", { name: /^Remove/ }));
  const question = page.getByRole("alertdialog");
  await press(page, question.getByRole("button", { name: "Remove" }));
  await expect(question).toHaveCount(0);
  await expect(allowed).toBeFocused();

  // An Admin confirms the same destination where it is checked.
  await open(page, connectionsPath(tenant.fabric));
  await press(page, page.getByRole("link", { name: "Orders", exact: true }));
  await press(page, panel.getByRole("button", { name: "Check", exact: true }));
  await press(page, panel.getByRole("button", { name: "Allow and check" }));
  await expect(panel.getByText("The check passed.")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Check", exact: true })).toBeFocused();
  await api.close();
});
