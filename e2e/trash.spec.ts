import type { Locator, Page } from "@playwright/test";
import { expectAccessibleState } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { addSecret, field, openSecret, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { addConnection, addSecret as addMadeSecret } from "@/testing/factories";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, insert, type Tenant } from "@/testing/tenant";

const trashPath = ({ fabric }: Tenant) => `/metadata/fabrics/${fabric.id}/trash`;
const row = (page: Page, name: string): Locator =>
  page.getByRole("table", { name: "Trash" }).getByRole("row", { name: new RegExp(name) });

async function read(token: string, name: string): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(new URL(`/v1/secrets/${name}`, stack().automateUrl), { headers });
  return { status: answer.status, text: await answer.text() };
}

/** Deletes the secret or connection whose page is open. */
async function deleteIt(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const question = page.getByRole("alertdialog");
  await expect(question).toContainText("You can restore it from the trash for 7 days.");
  await question.getByRole("button", { name: "Delete", exact: true }).click();
}

test("a User deletes a secret by mistake, and undoes it; a deleted one is restored from the trash, under another name if its own is taken", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const { fabric, user } = tenant;
  await signIn(context, user);
  const value = canary.value();
  await addSecret(page, fabric, { type: "Text", name: "warehouse", value });
  const { token } = await startPipeline(tenant);
  await openSecret(page, fabric, "warehouse");
  await deleteIt(page);
  await expect(page.getByText("Secret deleted")).toBeVisible();
  const gone = await read(token, "warehouse");
  expect([gone.status, gone.text]).toEqual([404, expect.stringContaining("is in the trash. Restore it")]);

  // With the keyboard alone.
  await page.getByRole("button", { name: "Undo" }).press("Enter");
  await expect(page.getByText("Secret restored")).toBeVisible();
  await expect(secretRow(page, "warehouse")).toBeVisible();
  expect((await read(token, "warehouse")).text).toContain(value);

  await openSecret(page, fabric, "warehouse");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const question = page.getByRole("alertdialog");
  await question.getByLabel("To confirm, type warehouse").fill("warehouse");
  await question.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByText("Secret deleted")).toBeVisible();
  await addSecret(page, fabric, { type: "Text", name: "Warehouse", value: canary.value() });

  await page.getByRole("link", { name: /^Trash/ }).click();
  await expect(row(page, "warehouse")).toContainText(`by ${user.name}`);
  await expectAccessibleState(page, "Trash", ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });
  await row(page, "warehouse").getByRole("button", { name: "Restore warehouse" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Restore “warehouse”" });
  await field(dialog, "Name").fill("WAREHOUSE");
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("is already a name")).toBeVisible();
  await expectAccessibleState(page, "Restore under another name", ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });
  await field(dialog, "Name").fill("warehouse_before");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Secret restored")).toBeVisible();
  await expect(page.getByText("The trash is empty")).toBeVisible();
  expect((await read(token, "warehouse_before")).text).toContain(value);
  await open(page, `/metadata/fabrics/${fabric.id}/activity`);
  await expect(page.getByText("restored secret warehouse_before")).toBeVisible();
});

test("Undo right after the deletion restores a secret and a connection, on the list and outside the fabric", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const { fabric, admin } = tenant;
  await addMadeSecret(tenant);
  const connectionId = await addConnection(tenant);
  const { rows } = await database().query(`SELECT name FROM secret WHERE "fabricId" = $1`, [fabric.id]);
  const [{ name }] = rows;
  await signIn(context, admin);
  const list = (tab: string) => new RegExp(`/metadata/fabrics/${fabric.id}/${tab}$`);

  // Undo is pressed on the list, which replaces the page of the deleted thing.
  await openSecret(page, fabric, name);
  await deleteIt(page);
  await page.waitForURL(list("secrets"));
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Secret restored")).toBeVisible();
  await expect(secretRow(page, name)).toBeVisible();

  await open(page, `/metadata/fabrics/${fabric.id}/connections`);
  await page.getByRole("link", { name: `Connection ${connectionId}` }).click();
  await deleteIt(page);
  await page.waitForURL(list("connections"));
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Connection restored")).toBeVisible();
  await expect(page.getByRole("link", { name: `Connection ${connectionId}` })).toBeVisible();

  // Outside the fabric, too: the toast stays where the person goes.
  await page.getByRole("link", { name: `Connection ${connectionId}` }).click();
  await deleteIt(page);
  await page.getByRole("link", { name: "Metadata" }).first().click();
  await page.waitForURL(/\/metadata$/);
  // Not by its toast: that of the first restore may still be there.
  const isThere = async () =>
    (await database().query("SELECT FROM connection WHERE id = $1", [connectionId])).rowCount;
  expect(await isThere()).toBe(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(isThere).toBe(1);
});

test("a connection is restored with its secret, once that is restored; a User sees what only an Admin may restore", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const { fabric, admin, user } = tenant;
  const secretId = await addMadeSecret(tenant);
  const connectionId = await addConnection(tenant);
  const reference = { connectionId, field: "bearerToken", secretId, fabricId: fabric.id };
  await insert("connection_secret", reference);
  await signIn(context, admin);
  const { rows } = await database().query(`SELECT name FROM secret WHERE id = $1`, [secretId]);
  const [{ name }] = rows;
  const connectionName = `Connection ${connectionId}`;
  await open(page, `/metadata/fabrics/${fabric.id}/connections/${connectionId}`);
  await deleteIt(page);
  await expect(page.getByText("Connection deleted")).toBeVisible();
  await openSecret(page, fabric, name);
  await deleteIt(page);
  await expect(page.getByText("Secret deleted")).toBeVisible();

  await signIn(context, user);
  await open(page, trashPath(tenant));
  await expect(row(page, connectionName)).toContainText(`Uses ${name}: restore this secret first.`);
  await expect(page.getByRole("button", { name: /^Restore/ })).toHaveCount(0);

  await signIn(context, admin);
  await open(page, trashPath(tenant));
  await page.getByRole("button", { name: `Restore ${name}` }).click();
  await page.getByRole("button", { name: `Restore ${connectionName}` }).click();
  await expect(page.getByText("Connection restored")).toBeVisible();
  await open(page, secretsPath(fabric));
  await expect(secretRow(page, name)).toContainText("1 connection");
});
