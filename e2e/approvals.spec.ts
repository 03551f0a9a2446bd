import { expectAccessibleState } from "@/e2e/axe";
import { addToken, fieldsOf } from "@/e2e/bearer-api";
import {
  checkPanel,
  chooseSecret,
  connectionRow,
  connectionsPath,
  fillConnection,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { callAction, callerOf } from "@/testing/server-actions";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { signIn } from "@/testing/sign-in";
import { database } from "@/testing/tenant";

test("a User without permission requests approval for a new destination and still saves; an Admin approves with one click", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const value = canary.value();
  const api = await startRestApiServer({ bearer: value });
  const secretId = await addToken(tenant, tenant.admin, value);
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl));
  await chooseSecret(page, "Token", "api_token");
  const panel = checkPanel(page);
  await expect(panel.getByText("This destination is not allowed for this secret yet.")).toBeVisible();
  await expect(panel.getByText(`HTTP ${new URL(api.baseUrl).host}, no encryption`)).toBeVisible();
  await expectAccessibleState(page, "Request approval", ["light", "dark"]);
  await panel.getByLabel("Reason").fill("The monthly report reads orders");
  // Enter sends the request, and does not save the connection around it.
  await panel.getByLabel("Reason").press("Enter");
  await expect(panel.getByText(/^Approval requested\./)).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const row = connectionRow(page, "Orders");
  await expect(row).toContainText("Waiting for approval");
  const waiting = page.getByRole("region", { name: "Waiting for approval (1)" });
  await expect(waiting).toContainText("Requested by Uri User");
  await expect(waiting).toContainText("Admins of the team can allow or decline.");
  await expect(waiting.getByRole("button")).toHaveCount(0);
  await expectAccessibleState(page, "Connections with a request", ["light"]);
  expect(api.requests).toEqual([]);

  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  await expect(waiting).toContainText("The monthly report reads orders");
  await expect(waiting).toContainText("for the connection Orders");
  await expect(waiting).toContainText("The value was entered by Ada Admin.");
  await expectAccessibleState(page, "Waiting for approval", ["light", "dark"]);
  await waiting.getByRole("button", { name: /^Allow/ }).click();
  await expect(waiting).toBeHidden();
  await expect(page.getByRole("region", { name: "Allowed destinations" })).toContainText(
    "Allowed by Ada Admin",
  );

  await signIn(context, tenant.user);
  await open(page, connectionsPath(tenant.fabric));
  await expect(row).toContainText("Not checked");
  await row.getByRole("button", { name: "Check Orders" }).click();
  await expect(row).toContainText("Connected");
  await api.close();
});

test("an Admin declines a request, and the connection says who did", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const value = canary.value();
  const api = await startRestApiServer({ bearer: value });
  await addToken(tenant, tenant.admin, value);
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl));
  await chooseSecret(page, "Token", "api_token");
  await checkPanel(page).getByRole("button", { name: "Request approval" }).click();
  await expect(checkPanel(page).getByText(/^Approval requested\./)).toBeVisible();
  await page.getByRole("button", { name: "Save", exact: true }).click();

  await signIn(context, tenant.admin);
  await open(page, connectionsPath(tenant.fabric));
  await page.getByRole("button", { name: /^Decline/ }).click();
  await expect(connectionRow(page, "Orders")).toContainText("Ada Admin declined the destination.");
  expect(api.requests).toEqual([]);
  await api.close();
});

test("a connection that a colleague points elsewhere sends nobody's secret: the person first sees the destination", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const value = canary.value();
  const theirs = await startRestApiServer({ bearer: value });
  const secretId = await addToken(tenant, tenant.admin, value);
  // The colleague saves it; the Admin, who entered the value and may allow the destination, presses Check.
  await callAction(await callerOf(tenant.user), "createConnectionAction", [
    tenant.fabric.id,
    {
      kind: "restapi",
      name: "Orders",
      description: "",
      properties: { baseUrl: theirs.baseUrl, tlsMode: "disable", authType: "bearer", bearerToken: secretId },
    },
  ]);
  await signIn(context, tenant.admin);
  await open(page, connectionsPath(tenant.fabric));
  await connectionRow(page, "Orders").getByRole("button", { name: "Check Orders" }).click();
  await expect(
    page.getByText("Orders: This destination is not allowed for this secret yet.").first(),
  ).toBeVisible();
  await expect(
    page.getByText("Open the connection and check it there to see the new destination.").first(),
  ).toBeVisible();
  await connectionRow(page, "Orders").getByRole("link", { name: "Orders" }).click();
  const panel = checkPanel(page);
  const notYet = page.getByText("Pipelines can’t use this connection until this is allowed");
  await expect(notYet).toBeVisible();
  await panel.getByRole("button", { name: "Check", exact: true }).click();
  await expect(panel.getByText("This destination is not allowed for this secret yet.")).toBeVisible();
  await expect(panel.getByText("Allow only a destination that you know.")).toBeVisible();
  await expect(panel.getByText("api_token")).toBeVisible();
  expect(theirs.requests).toEqual([]);
  const { rows } = await database().query(`SELECT 1 FROM allowed_destination WHERE "secretId" = $1`, [
    secretId,
  ]);
  expect(rows).toEqual([]);

  await panel.getByRole("button", { name: "Allow and check" }).click();
  await expect(panel.getByText("The check passed.")).toBeVisible();
  expect(theirs.requests).toHaveLength(1);
  // The page says the same, without a reload.
  await expect(notYet).toHaveCount(0);
  await expect(page.getByText("Connected", { exact: true })).toBeVisible();
  await theirs.close();
});

test("an Admin locks a fabric, and then the author of a value must request approval as well", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await addToken(tenant, tenant.user, canary.value());
  await signIn(context, tenant.user);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  const section = page.getByRole("region", { name: "New destinations" });
  await expect(section).toContainText("Ask.");
  await expect(section).toContainText("Admins of the team can change this.");
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  await section.getByRole("radio", { name: "Locked" }).check();
  await expect(page.getByText("New destinations: Locked")).toBeVisible();
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  const api = await startRestApiServer({ bearer: "" });
  await fillConnection(page, fieldsOf(api.baseUrl));
  await chooseSecret(page, "Token", "api_token");
  await expect(checkPanel(page).getByRole("button", { name: "Request approval" })).toBeVisible();
  await api.close();
});
