import { expectAccessibleState, expectNoSidewaysScroll } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open, ready } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { field, openSecret, secretsPath } from "@/e2e/secrets-screen";
import { addEntryLink, addSecret } from "@/testing/factories";
import { callAction } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createPerson, database, insert } from "@/testing/tenant";

const password = "correct horse battery staple";

test("a User asks a vendor for a value with a link; the vendor enters it once, without an account; a pipeline reads it, and nobody sees it", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  test.slow();
  const { fabric, team } = tenant;
  const asker = await createPerson({ name: "Uma Analyst", in: team, password });
  await signIn(context, asker, { minutesAgo: 11 });
  await open(page, secretsPath(fabric));
  await page.getByRole("link", { name: "Entry links" }).click();
  await expect(page.getByText("No entry links yet")).toBeVisible();
  await page.getByRole("button", { name: "Ask for a value" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Ask for a value" });
  await dialog.getByRole("button", { name: "Create link" }).click();
  await expect(dialog.getByText("Enter for whom it is.")).toBeVisible();
  await field(dialog, "For whom").fill("Acme Support");
  await field(dialog, "Name of the secret").fill("acme_api_key");
  await field(dialog, "Message").fill("The key of the test system, please.");
  await expectAccessibleState(page, "Ask for a value", ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });
  await dialog.getByRole("button", { name: "Create link" }).click();
  await field(page.getByRole("dialog", { name: "Confirm your identity" }), "Password").fill(password);
  await page.keyboard.press("Enter");
  const created = page.getByRole("dialog", { name: "Link created" });
  const link = await field(created, "Link").inputValue();
  expect(link).toContain(`${stack().webUrl}/enter#sve_`);
  await created.getByRole("button", { name: "Done" }).click();

  // Somebody outside. A program that looks at the link, such as a mail filter, does not use it up.
  await context.clearCookies();
  for (const method of ["GET", "HEAD"]) expect((await fetch(link, { method })).status).toBe(200);
  await page.goto(link);
  await ready(page);
  const main = page.getByRole("main");
  await expect(main).toContainText(`Uma Analyst (${asker.email}) asks Acme Support for it.`);
  await expect(main).toContainText(`acme_api_key (Text)`);
  await expect(main).toContainText(`Fabric ${fabric.name} of the team ${team.name}.`);
  await expect(main).toContainText("No server yet. An Admin of the team decides about each one.");
  await expect(main).toContainText("The key of the test system, please.");
  await expectAccessibleState(page, "Enter a value", ["light", "dark"]);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page, "Enter a value");
  await page.getByRole("button", { name: "Seal and send" }).click();
  await expect(main.getByText("Value is empty.")).toBeVisible();
  const value = canary.value();
  await field(page, "Value").fill(value);
  await page.getByRole("button", { name: "Seal and send" }).press("Enter");
  await expect(page.getByRole("heading", { name: "The value is stored" })).toBeVisible();
  expect(page.url()).not.toContain("sve_");
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "This link is not valid" })).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 720 });

  const { token } = await startPipeline(tenant);
  const headers = { authorization: `Bearer ${token}` };
  const read = await fetch(new URL("/v1/secrets/acme_api_key", stack().automateUrl), { headers });
  expect(((await read.json()) as { value: string }).value).toBe(value);

  await signIn(context, asker);
  await open(page, `${secretsPath(fabric)}/entry-links`);
  const row = page.getByRole("row", { name: /Acme Support/ });
  await expect(row).toContainText(/Used/);
  await row.getByRole("link", { name: "acme_api_key" }).click();
  await expect(page.getByText("Entry link “Acme Support”").first()).toBeVisible();
  await open(page, `/metadata/fabrics/${fabric.id}/activity`);
  await expect(page.getByText("created secret acme_api_key")).toBeVisible();
});

test("a link for an existing secret names its destinations, and is revoked; its page asks for the value", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const { fabric, admin, user } = tenant;
  const secretId = await addSecret(tenant);
  const { rows } = await database().query<{ name: string }>(`SELECT name FROM secret WHERE id = $1`, [
    secretId,
  ]);
  const name = rows[0]?.name ?? "";
  const connectionId = `orders-${secretId}`;
  const by = {
    createdById: admin.id,
    createdByName: admin.name,
    updatedById: admin.id,
    updatedByName: admin.name,
  };
  await insert("connection", {
    ...{ id: connectionId, fabricId: fabric.id, name: "Orders", nameKey: "orders", kind: "postgres" },
    properties: JSON.stringify({ server: "orders.example.com", database: "d", username: "u" }),
    configHash: connectionId,
    ...by,
  });
  await insert("connection_secret", { connectionId, field: "password", secretId, fabricId: fabric.id });
  await signIn(context, user);
  await openSecret(page, fabric, name);
  await page.getByRole("link", { name: "Ask for the value" }).click();
  const dialog = page.getByRole("dialog", { name: `Ask for the value of “${name}”` });
  await expect(dialog.getByRole("checkbox", { name: "PostgreSQL orders.example.com:5432" })).toBeChecked();
  await expect(dialog).toContainText(
    "The value becomes current when it is entered, for pipelines, too. Then Selvage checks the connection that uses it.",
  );
  await field(dialog, "For whom").fill("DBA");
  await dialog.getByRole("button", { name: "Create link" }).click();
  const link = await field(page.getByRole("dialog", { name: "Link created" }), "Link").inputValue();
  await page.getByRole("button", { name: "Done" }).click();

  await context.clearCookies();
  await page.goto(link);
  await ready(page);
  await expect(page.getByRole("main")).toContainText("PostgreSQL orders.example.com:5432");
  await expect(page.getByRole("main")).toContainText("your value replaces the present one");
  await expect(page.getByRole("main")).toContainText("By sending the value, you allow this.");

  // The open page of the secret shows an answer on its own.
  await signIn(context, user);
  await openSecret(page, fabric, name);
  await expect(page.getByText("Version 2")).toHaveCount(0);
  const answer = { token: new URL(link).hash.slice(1), subKind: "text", fields: { value: canary.value() } };
  expect(await callAction({}, "enterValueAction", [answer])).toMatchObject({ ok: true });
  await expect(page.getByText("Entry link “DBA”").first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("region", { name: "Versions" })).toContainText("Version 2Current");

  const other = await addEntryLink(tenant, { name: "Nobody" });
  await signIn(context, user);
  await open(page, `${secretsPath(fabric)}/entry-links`);
  await page.getByRole("button", { name: "Revoke the link for Nobody" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("Link revoked")).toBeVisible();
  await expect(page.getByRole("row", { name: /Nobody/ })).toContainText(`Revoked by ${user.name}`);
  await page.goto(`/enter#${other.token}`);
  await expect(page.getByRole("heading", { name: "This link is not valid" })).toBeVisible();
});
