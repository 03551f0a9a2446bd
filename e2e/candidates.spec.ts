import type { Page } from "@playwright/test";
import { expectAccessibleState } from "@/e2e/axe";
import {
  checkPanel,
  clickAtRest,
  connectionRow,
  connectionsPath,
  openPicker,
  picker,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { field, openDialog, openSecret, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { signIn } from "@/testing/sign-in";
import { database, type Person, type Tenant } from "@/testing/tenant";

async function run(person: Person, { fabric }: Tenant, name: string, input: object): Promise<{ id: string }> {
  const made = await callAction(await callerOf(person), name, [fabric.id, input]);
  if (!made.ok) throw new Error(`${name}: ${JSON.stringify(made)}`);
  return made.value as { id: string };
}

/** A secret that five connections use. Four lead to a server that accepts every value, the last to one of its own. */
async function usedByFive(tenant: Tenant, value: string, servers: { most: string; last: string }) {
  const secret = { subKind: "text", name: "api_token", fields: { value } };
  const { id: secretId } = await run(tenant.user, tenant, "createSecretAction", secret);
  for (const [i, name] of ["Billing", "Crm", "Orders", "Reports", "Stock"].entries()) {
    const baseUrl = i < 4 ? servers.most : servers.last;
    const signInWith = { tlsMode: "disable", authType: "bearer", bearerToken: secretId };
    // Each has settings of its own: checks of the same settings would share one run.
    const properties = { baseUrl, testPath: `/?of=${name}`, ...signInWith };
    const input = { kind: "restapi", name, description: "", properties };
    await run(tenant.user, tenant, "createConnectionAction", input);
  }
  return secretId;
}

const row = (page: Page, name: string) =>
  page
    .getByRole("list", { name: "Connections that use the secret" })
    .getByRole("listitem")
    .filter({ has: page.getByRole("link", { name, exact: true }) });

async function enter(page: Page, value: string) {
  const dialog = await openDialog(page, "Replace value");
  await expect(dialog.getByText("The current value stays until you promote the new one.")).toBeVisible();
  await field(dialog, "Value").fill(value);
  await dialog.getByRole("button", { name: "Check with 5 connections" }).click();
  await expect(dialog).toHaveCount(0);
}

test("a new value is checked with five connections, promoted although one refuses it, and taken back", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const [former, next] = [canary.value(), canary.value()];
  const most = await startRestApiServer({ isValidToken: async () => true });
  const last = await startRestApiServer({ bearer: former });
  await usedByFive(tenant, former, { most: most.baseUrl, last: last.baseUrl });
  const pipeline = await startPipeline(tenant);
  await signIn(context, tenant.user);
  await openSecret(page, tenant.fabric, "api_token");
  await enter(page, next);

  // The rows fill in on their own.
  const panel = page.getByRole("region", { name: "New value" });
  await expect(panel.getByRole("heading", { name: "New value" })).toBeFocused();
  await expect(panel.getByRole("button", { name: "Check again" })).toBeVisible({ timeout: 30_000 });
  await expect(row(page, "Stock")).toContainText("Refuses it");
  await expect(row(page, "Stock")).toContainText("Field: Token");
  for (const name of ["Billing", "Crm", "Orders", "Reports"])
    await expect(row(page, name)).toContainText("Accepts it");
  await expect(panel.getByRole("status")).toHaveText("4 of 5 connections accept it, 1 refuses it.");
  await expect(page.getByRole("button", { name: "Replace value" })).toHaveCount(0);
  expect(await pipeline.read("api_token")).toMatchObject({ version: 1, value: former });

  await expectAccessibleState(page, "A new value", ["light", "dark"]);

  // Somebody else sees the same, and cannot enter another one meanwhile.
  await page.reload();
  await expect(row(page, "Stock")).toContainText("Refuses it");

  await panel.getByRole("button", { name: "Promote anyway" }).click();
  const question = page.getByRole("alertdialog", { name: "Promote anyway?" });
  await expect(question.getByRole("listitem")).toHaveText([/^Stock: refuses it \(Token\)/]);
  await question.getByRole("button", { name: "Promote anyway" }).click();
  const promoted = page.getByRole("region", { name: "Version 2 promoted" });
  await expect(promoted.getByText("Uri User promoted it")).toBeVisible();
  expect(await pipeline.read("api_token")).toMatchObject({ version: 2, value: next });
  // Every connection is checked again with it.
  await expect(promoted.getByRole("button", { name: "Check all" })).toBeVisible({ timeout: 30_000 });
  await expect(row(page, "Orders")).toContainText("Connected");
  await expect(row(page, "Stock")).toContainText("Disconnected");
  await expectAccessibleState(page, "A promoted value", ["light", "dark"]);

  await promoted.getByRole("button", { name: "Go back to version 1" }).click();
  // The former value is tried first, too.
  const back = page.getByRole("alertdialog", { name: "Go back to version 1?" });
  await expect(back.getByRole("status")).toHaveText("All 5 connections accept it.", { timeout: 30_000 });
  await back.getByRole("button", { name: "Go back", exact: true }).click();
  await expect(page.getByText("brought back from version 1 by Uri User")).toBeVisible();
  await expect(promoted).toHaveCount(0);
  const current = page.getByRole("region", { name: "Versions" }).getByRole("listitem").first();
  await expect(current).toContainText(/^Version 3Current.*Go back to version 2until \d+ \w+, \d\d:\d\d$/);
  await expect(page.getByRole("region", { name: "Value", exact: true })).toContainText(
    "version 1. Version 3 has the same value",
  );
  expect(await pipeline.read("api_token")).toMatchObject({ version: 3, value: former });

  await current.getByRole("button", { name: "Go back to version 2" }).click();
  const forth = page.getByRole("alertdialog", { name: "Go back to version 2?" });
  // The server has refused it twice.
  await expect(forth.getByRole("status")).toHaveText("4 of 5 connections accept it, 1 not tried.", {
    timeout: 30_000,
  });
  await expect(forth.getByRole("button", { name: "Go back anyway" })).toBeVisible();
  await expectAccessibleState(page, "Go back to a former value", ["light", "dark"]);
  await forth.getByRole("button", { name: "Cancel" }).click();
  await Promise.all([most.close(), last.close()]);
});

test("inside a connection's form, a new value is checked with the other connections too, and nobody leaves the form", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const [former, next] = [canary.value(), canary.value()];
  const most = await startRestApiServer({ isValidToken: async () => true });
  const last = await startRestApiServer({ bearer: former });
  await usedByFive(tenant, former, { most: most.baseUrl, last: last.baseUrl });
  await signIn(context, tenant.user);
  await open(page, connectionsPath(tenant.fabric));
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await field(page, "Description").fill("not saved yet");
  const replace = async () =>
    clickAtRest(
      (await openPicker(page, "Token")).getByRole("button", { name: "Replace value of api_token" }),
    );
  await replace();
  const dialog = page.getByRole("dialog", { name: "Replace value" });
  await expect(dialog.getByText("The current value stays until you promote the new one.")).toBeVisible();
  await field(dialog, "Value").fill(next);
  await dialog.getByRole("button", { name: "Check with 5 connections" }).click();
  const panel = dialog.getByRole("region", { name: "New value" });
  await expect(panel.getByRole("heading", { name: "New value" })).toBeFocused();
  await expect(panel.getByRole("status")).toHaveText("4 of 5 connections accept it, 1 refuses it.", {
    timeout: 30_000,
  });
  await expectAccessibleState(page, "A new value in a connection's form", ["light", "dark"]);
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(dialog).toHaveCount(0);
  await expect(picker(page, "Token")).toBeFocused();

  // It waits, and says so where the secret and its connections are listed.
  const other = await context.newPage();
  await open(other, `${connectionsPath(tenant.fabric)}?search=stock`);
  await expect(connectionRow(other, "Stock")).toContainText("A new value of api_token waits to be promoted.");
  await open(other, `${secretsPath(tenant.fabric)}?state=new_value`);
  await expect(secretRow(other, "api_token")).toContainText("New value waiting");
  await other.close();

  await replace();
  await expect(row(page, "Stock")).toContainText("Refuses it");
  await panel.getByRole("button", { name: "Promote anyway" }).click();
  const question = page.getByRole("alertdialog", { name: "Promote anyway?" });
  await question.getByRole("button", { name: "Promote anyway" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("Version 2 is the current one.")).toBeVisible();
  // The form has its input, and checks itself with the new value.
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
  await expect(field(page, "Description")).toHaveValue("not saved yet");
  await Promise.all([most.close(), last.close()]);
});

test("a User requests approval for a connection to which a new value may not be sent; an Admin's yes lets it be tried", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const server = await startRestApiServer({ isValidToken: async () => true });
  const secret = { subKind: "text", name: "api_token", fields: { value: canary.value() } };
  const { id: secretId } = await run(tenant.admin, tenant, "createSecretAction", secret);
  const properties = {
    baseUrl: server.baseUrl,
    tlsMode: "disable",
    authType: "bearer",
    bearerToken: secretId,
  };
  const connection = { kind: "restapi", name: "Orders", description: "", properties };
  await run(tenant.user, tenant, "createConnectionAction", connection);
  await signIn(context, tenant.user);
  await openSecret(page, tenant.fabric, "api_token");
  const dialog = await openDialog(page, "Replace value");
  await field(dialog, "Value").fill(canary.value());
  await dialog.getByRole("button", { name: "Check with 1 connection" }).click();
  await expect(row(page, "Orders")).toContainText("Its destination was not allowed.", { timeout: 30_000 });
  const ask = row(page, "Orders").getByRole("button", { name: "Request approval for Orders" });
  await ask.press("Enter");
  const request = page.getByRole("dialog", { name: "Request approval" });
  await expect(request).toContainText("Orders would send the new value to:");
  await field(request, "Reason").fill("moved");
  await expectAccessibleState(page, "Request approval of a new value", ["light", "dark"]);
  await page.keyboard.press("Enter");
  await expect(row(page, "Orders")).toContainText("Waiting for approval, requested by Uri User");
  await expect(ask).toHaveCount(0);
  await expect(page.getByRole("region", { name: /^Waiting for approval/ })).toContainText(
    "Send the new value to",
  );

  const [{ id: requestId } = { id: "" }] = (
    await database().query<{ id: string }>(`SELECT id FROM destination_request WHERE "secretId" = $1`, [
      secretId,
    ])
  ).rows;
  await run(tenant.admin, tenant, "decideRequestAction", { requestId, decision: "allowed" });
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The connection accepts it." })).toBeVisible({
    timeout: 30_000,
  });
  await server.close();
});

test("a new value that all connections accept takes one click; of two people, the other is told by name", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const server = await startRestApiServer({ isValidToken: async () => true });
  const url = server.baseUrl;
  const secretId = await usedByFive(tenant, canary.value(), { most: url, last: url });
  await signIn(context, tenant.user);
  await openSecret(page, tenant.fabric, "api_token");
  await enter(page, canary.value());
  const panel = page.getByRole("region", { name: "New value" });
  await expect(panel.getByRole("status")).toHaveText("All 5 connections accept it.", { timeout: 30_000 });
  await expect(panel.getByRole("button", { name: "Check again" })).toHaveCount(0);

  const input = { subKind: "text", secretId, expectedVersion: 1, fields: { value: canary.value() } };
  const theirs = await callAction(await callerOf(tenant.admin), "createCandidateAction", [
    tenant.fabric.id,
    input,
  ]);
  expect(theirs).toMatchObject({ ok: false, code: "waiting" });
  expect(JSON.stringify(theirs)).toContain("Uri User has entered a new value");

  await run(tenant.admin, tenant, "promoteCandidateAction", { secretId, candidate: 1, accepted: [] });
  await panel.getByRole("button", { name: "Promote", exact: true }).click();
  await expect(page.getByText("Ada Admin has promoted it already.").first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Version 2 promoted" })).toBeVisible();
  await server.close();
});
