import type { Locator, Page } from "@playwright/test";
import { expectAccessibleState, expectNoSidewaysScroll } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { addSecret, field, secretsPath } from "@/e2e/secrets-screen";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createFabric, createPerson, database, type Tenant } from "@/testing/tenant";

const password = "correct horse battery staple";
const advanced = ({ fabric }: Tenant) => `/metadata/fabrics/${fabric.id}/advanced`;
const deletedRow = (page: Page, name: string): Locator =>
  page.getByRole("table", { name: "Deleted fabrics" }).getByRole("row", { name: new RegExp(name) });

async function read(token: string, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(new URL(`/v1/secrets/${name}`, stack().automateUrl), { headers })).status;
}

test("an Admin deletes a fabric after signing in again; a member sees it greyed; an Admin undoes it under another name", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  test.slow();
  const { fabric, team, user } = tenant;
  const admin = await createPerson({ name: "Mia Manager", in: team, role: "admin", password });
  await signIn(context, admin, { minutesAgo: 11 });
  await addSecret(page, fabric, { type: "Text", name: "warehouse", value: canary.value() });
  const { token } = await startPipeline(tenant);
  expect(await read(token, "warehouse")).toBe(200);

  await open(page, advanced(tenant));
  await expect(page.getByRole("heading", { name: "Delete fabric" })).toBeVisible();
  // With the keyboard alone.
  await page.getByRole("button", { name: "Delete fabric" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog", { name: `Delete “${fabric.name}”?` });
  await expect(dialog).toContainText("Its pipeline tokens (1 in use) and trusted issuers (0) end for good.");
  await expect(dialog).toContainText("only a backup of the database from before can bring its values back");
  await expectAccessibleState(page, "Delete fabric", ["light", "dark"]);
  await page.keyboard.press("Tab");
  await field(dialog, `To confirm, type ${fabric.name}`).focus();
  await page.keyboard.type(fabric.name);
  await dialog.getByRole("button", { name: "Delete", exact: true }).press("Enter");
  const again = page.getByRole("dialog", { name: "Confirm your identity" });
  expect(await read(token, "warehouse")).toBe(200);
  await field(again, "Password").fill(password);
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL(/\/metadata$/);
  await expect(page.getByText("Fabric deleted")).toBeVisible();
  const row = deletedRow(page, fabric.name);
  await expect(row).toContainText("by Mia Manager");
  await expect(row).toContainText(/Destroyed on \d+ \w+ \d{4}/);
  const destroyAt = Date.parse((await row.locator("time").last().getAttribute("datetime")) ?? "");
  expect(Math.abs(destroyAt - Date.now() - 7 * 86_400_000)).toBeLessThan(5 * 60_000);
  await expect(page.getByRole("link", { name: fabric.name })).toHaveCount(0);
  await expectAccessibleState(page, "Deleted fabrics", ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });

  // Out of reach for pipelines and people.
  expect(await read(token, "warehouse")).toBe(401);
  for (const path of [secretsPath(fabric), advanced(tenant), `/metadata/fabrics/${fabric.id}/activity`])
    expect((await page.goto(path))?.status(), path).toBe(404);

  await signIn(context, user);
  await open(page, "/metadata");
  await expect(deletedRow(page, fabric.name)).toContainText("by Mia Manager");
  await expect(deletedRow(page, fabric.name).getByRole("button")).toHaveCount(0);

  // Its name is free, and taken meanwhile.
  const taker = await createFabric(team, admin);
  await database().query(`UPDATE fabric SET name = $1, "nameKey" = $2 WHERE id = $3`, [
    fabric.name,
    fabric.name.toLowerCase(),
    taker.id,
  ]);
  await signIn(context, admin, { minutesAgo: 11 });
  await open(page, "/metadata");
  await deletedRow(page, fabric.name).getByRole("button", { name: /^Undo/ }).press("Enter");
  const undo = page.getByRole("dialog", { name: `Undo the deletion of “${fabric.name}”?` });
  await expect(undo).toContainText("Its pipeline tokens and trusted issuers do not come back.");
  await expectAccessibleState(page, "Undo the deletion", ["light", "dark"]);
  await undo.getByRole("button", { name: "Undo deletion" }).click();
  await field(page.getByRole("dialog", { name: "Confirm your identity" }), "Password").fill(password);
  await page.keyboard.press("Enter");
  await expect(undo.getByText("This team has another fabric with this name now.")).toBeVisible();
  await field(undo, "Name").fill(`${fabric.name} restored`);
  await page.keyboard.press("Enter");
  await expect(undo).toHaveCount(0);
  await expect(page.getByRole("table", { name: "Deleted fabrics" })).toHaveCount(0);
  await page.getByRole("link", { name: `${fabric.name} restored`, exact: true }).click();
  await page.getByRole("link", { name: /^Secrets/ }).click();
  await expect(page.getByText("warehouse")).toBeVisible();
  // The token stays dead; a new one reads.
  expect(await read(token, "warehouse")).toBe(401);
  await open(page, advanced(tenant));
  await expect(page.getByRole("row", { name: /nightly|pipeline/i }).first()).toContainText("Revoked");
  await open(page, `/metadata/fabrics/${fabric.id}/activity`);
  await expect(page.getByText("undid the deletion of")).toBeVisible();
});

test("deleted fabrics with long names fit every width", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  const { fabric, admin } = tenant;
  await database().query(`UPDATE fabric SET name = $1 WHERE id = $2`, ["Fabric".padEnd(128, "x"), fabric.id]);
  await database().query(
    `INSERT INTO fabric_deletion ("fabricId", "requestedById", "requestedByName", "destroyAt")
     VALUES ($1, $2, $3, now() + interval '7 days')`,
    [fabric.id, admin.id, "Ada".padEnd(128, "x")],
  );
  await signIn(context, admin);
  await open(page, "/metadata");
  for (const width of [1440, 1150, 1024, 800, 768, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await expectNoSidewaysScroll(page, `Deleted fabrics at ${width} px`);
    const undo = page.getByRole("button", { name: /^Undo/ });
    await undo.scrollIntoViewIfNeeded();
    await expect(undo).toBeInViewport({ ratio: 1 });
  }
});
