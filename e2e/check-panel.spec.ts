import { addToken, fieldsOf } from "@/e2e/bearer-api";
import {
  checkPanel,
  chooseSecret,
  clickAtRest,
  connectionRow,
  connectionsPath,
  fillConnection,
  openPicker,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { field } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { signIn } from "@/testing/sign-in";
import { database } from "@/testing/tenant";

/** Port 9 of this machine refuses connections. */
const mistyped = "http://127.0.0.1:9";

test("a typing mistake is named before anybody is asked, and never becomes an allowed destination", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const value = canary.value();
  const api = await startRestApiServer({ bearer: value });
  const bearerToken = await addToken(tenant, tenant.admin, value);
  const properties = { baseUrl: mistyped, tlsMode: "disable", authType: "bearer", bearerToken };
  // A colleague saves the mistake, so the author of the secret has to confirm its destination.
  const orders = { kind: "restapi", name: "Orders", description: "", properties };
  await callAction(await callerOf(tenant.user), "createConnectionAction", [tenant.fabric.id, orders]);
  await signIn(context, tenant.admin);
  await open(page, connectionsPath(tenant.fabric));
  await connectionRow(page, "Orders").getByRole("link", { name: "Orders" }).click();
  const panel = checkPanel(page);
  await panel.getByRole("button", { name: "Check", exact: true }).click();
  await expect(panel.getByText("The server refused the connection on this port.")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Allow and check" })).toHaveCount(0);

  await field(page, "Base URL").fill(api.baseUrl);
  await panel.getByRole("button", { name: "Check", exact: true }).click();
  await expect(panel.getByText("This destination is not allowed for this secret yet.")).toBeVisible();
  await expect(panel.getByText(`HTTP ${new URL(api.baseUrl).host}, no encryption`)).toBeVisible();
  // The steps that send nothing have passed.
  const steps = panel.getByRole("list", { name: "Steps of the check" }).getByRole("listitem");
  await expect(steps.nth(0)).toContainText("passed");
  await expect(steps.nth(1)).toContainText("passed");
  await expect(steps.nth(3)).toContainText("not yet");
  expect(api.requests).toEqual([]);
  await panel.getByRole("button", { name: "Allow and check" }).click();
  await expect(panel.getByText("The check passed.")).toBeVisible();
  const { rows } = await database().query(
    `SELECT destination FROM allowed_destination WHERE "secretId" = $1`,
    [bearerToken],
  );
  expect(rows).toEqual([{ destination: `http://${new URL(api.baseUrl).host}` }]);
  await api.close();
});

test("a check that Automate does not answer fails no step, because nothing was looked up", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await addToken(tenant, tenant.user, canary.value());
  await page.route("**/checks", (route) => route.fulfill({ status: 502, body: "" }));
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(mistyped));
  await chooseSecret(page, "Token", "api_token");
  const panel = checkPanel(page);
  await expect(panel.getByText("Automate did not answer, so the check did not run.")).toBeVisible();
  const steps = panel.getByRole("list", { name: "Steps of the check" });
  await expect(steps.getByText("not yet")).toHaveCount(5);
  await expect(steps.getByText("failed")).toHaveCount(0);
});

test("Replace value from a picker begins in the field for the value", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await addToken(tenant, tenant.user, canary.value());
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, { "Authentication method": "Bearer token" });
  await chooseSecret(page, "Token", "api_token");
  const popup = await openPicker(page, "Token");
  await clickAtRest(popup.getByRole("button", { name: "Replace value of api_token" }));
  const dialog = page.getByRole("dialog", { name: "Replace value" });
  await expect(field(dialog, "Value")).toBeFocused();
});

test("a new connection's form has nothing to warn about, and finds kinds by their other names", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  await signIn(context, tenant.user);
  await open(page, `${connectionsPath(tenant.fabric)}/new`);
  const main = page.getByRole("main");
  for (const [word, kind] of [
    ["psql", "PostgreSQL"],
    ["bq", "BigQuery"],
    ["blob", "Azure"],
    ["email", "SMTP"],
    ["excel", "SharePoint"],
    ["csv", "S3"],
    ["oauth", "REST API"],
  ] as const) {
    await page.getByLabel("Search kinds of connection").fill(word);
    await expect(main.getByRole("link", { name: new RegExp(kind) }).first()).toBeVisible();
  }
  await main.getByRole("link", { name: /REST API/ }).click();
  await expect(page.getByRole("button", { name: "Save", exact: true })).toBeVisible();
  await field(page, "Connection Name").fill("Orders");
  await expect(page.getByRole("button", { name: "Save anyway" })).toBeVisible();
});
