import {
  checkPanel,
  chooseSecret,
  connectionRow,
  fillConnection,
  openNewSecret,
  openPicker,
  picker,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { field, fillSecret } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { createPostgresLogin } from "@/testing/servers/postgres-login";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";

test("a Username & Password secret fills both fields of a PostgreSQL connection, and a Text secret asks for the username again", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const login = await createPostgresLogin(stack().databaseUrl, { password: canary.value() });
  const added = await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name: "only_password", description: "", fields: { value: login.password } },
  ]);
  expect(added).toMatchObject({ ok: true });
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "PostgreSQL");
  await fillConnection(page, {
    "Connection Name": "Orders",
    Server: login.server,
    Port: login.port,
    Database: login.database,
    Encryption: "No encryption",
  });
  const dialog = await openNewSecret(page, "Password");
  await fillSecret(page, dialog, {
    type: "Username & Password",
    name: "orders_login",
    fields: { Username: login.username, Password: login.password },
  });
  await dialog.getByRole("button", { name: "Create" }).click();

  // The check starts at once: the username is not missing.
  await expect(page.getByText("From the secret under Password")).toBeVisible();
  await expect(field(page, "Username")).toHaveCount(0);
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Orders")).toContainText("Connected");

  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await expect(picker(page, "Password")).toContainText("orders_login");
  await expect(page.getByText("From the secret under Password")).toBeVisible();
  const popup = await openPicker(page, "Password");
  await expect(popup.getByRole("option")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await chooseSecret(page, "Password", "only_password");
  await expect(field(page, "Username")).toHaveValue("");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await expect(page.getByText("This field is required.")).toBeVisible();
  await field(page, "Username").fill(login.username);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  // The other secret was never sent there.
  await checkPanel(page).getByRole("button", { name: "Allow and check" }).click();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(connectionRow(page, "Orders")).toContainText("Connected");
  await login.drop();
});
