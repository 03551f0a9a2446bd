import { expectAccessibleState, expectNoSidewaysScroll } from "@/e2e/axe";
import {
  checkPanel,
  chooseSecret,
  fillConnection,
  openPicker,
  startConnection,
} from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { secretsPath } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { signIn } from "@/testing/sign-in";
import { sendSigned } from "@/testing/signed-request";
import { database, type Tenant } from "@/testing/tenant";

async function addLogin(tenant: Tenant, password: string): Promise<string> {
  const secret = { subKind: "username_password", name: "api_login", fields: { username: "etl", password } };
  const created = await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    secret,
  ]);
  expect(created).toMatchObject({ ok: true });
  const { rows } = await database().query<{ id: string }>(`SELECT id FROM secret WHERE "fabricId" = $1`, [
    tenant.fabric.id,
  ]);
  return rows[0]?.id ?? "";
}

function fieldsOf(baseUrl: string, testPath = "/"): Record<string, string> {
  return {
    "Connection Name": "Orders",
    "Base URL": baseUrl,
    "Check path": testPath,
    Encryption: "No encryption",
    "Authentication method": "Basic",
  };
}

test("Selvage does not try a credential again after two refusals until an Admin allows it", {
  tag: "@long",
}, async ({ page, context, browser, tenant, canary }) => {
  const api = await startRestApiServer({ basic: { username: "etl", password: canary.value() } });
  const secretId = await addLogin(tenant, canary.value());
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl));
  await chooseSecret(page, "Username & password", "api_login");
  const panel = checkPanel(page);
  const check = panel.getByRole("button", { name: "Check" });
  await expect(panel.getByText("The server rejected these credentials.")).toBeVisible();
  await check.click();
  await expect.poll(() => api.requests.length).toBe(2);
  await expect(panel.getByText("The server rejected these credentials.")).toBeVisible();
  await check.click();
  await expect(panel.getByText("the server rejected these credentials several times")).toBeVisible();
  await expect(panel.getByText("You can try again in 15 minutes.")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Allow another attempt" })).toHaveCount(0);
  await expectAccessibleState(page, "a paused sign-in", ["light", "dark"]);
  expect(api.requests).toHaveLength(2);

  const admins = await browser.newContext();
  await signIn(admins, tenant.admin);
  const secretPage = await admins.newPage();
  await open(secretPage, `${secretsPath(tenant.fabric)}/${secretId}`);
  const paused = secretPage.getByRole("region", { name: "Paused sign-ins" });
  await expect(paused).toContainText(api.baseUrl);
  await expectAccessibleState(secretPage, "Paused sign-ins", ["light", "dark"]);
  await secretPage.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(secretPage, "Paused sign-ins");
  await paused.getByRole("button", { name: "Allow another attempt" }).click();
  await expect(secretPage.getByText("Another attempt is allowed")).toBeVisible();
  await expect(paused).toHaveCount(0);
  await admins.close();

  await check.click();
  await expect.poll(() => api.requests.length).toBe(3);
  await expect(panel.getByText("The server rejected these credentials.")).toBeVisible();
  await api.close();
});

test("an Admin resumes a paused sign-in in the form that reports it", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const api = await startRestApiServer({ basic: { username: "etl", password: canary.value() } });
  await addLogin(tenant, canary.value());
  await signIn(context, tenant.admin);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl));
  await chooseSecret(page, "Username & password", "api_login");
  const panel = checkPanel(page);
  for (const count of [1, 2]) {
    await expect.poll(() => api.requests.length).toBe(count);
    await expect(panel.getByText("The server rejected these credentials.")).toBeVisible();
    await panel.getByRole("button", { name: "Check" }).click();
  }
  await panel.getByRole("button", { name: "Allow another attempt" }).click();
  await expect.poll(() => api.requests.length).toBe(3);
  await expect(panel.getByText("The server rejected these credentials.")).toBeVisible();
  await api.close();
});

test("choosing a secret and pressing Check at once makes one attempt", { tag: "@long" }, async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const password = canary.value();
  const api = await startRestApiServer({ basic: { username: "etl", password } });
  await addLogin(tenant, password);
  await signIn(context, tenant.user);
  await page.clock.install();
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, fieldsOf(api.baseUrl, "/slow"));
  const popup = await openPicker(page, "Username & password");
  const option = popup.getByRole("option", { name: "api_login" });
  await option.hover();
  // For a second after the choice, a press means this check. The page's clock stops within that second.
  await page.clock.pauseAt(Date.now() + 10_000);
  await option.click();
  await page.clock.runFor(500);
  await checkPanel(page).getByRole("button", { name: "Check" }).click({ force: true });
  await expect.poll(() => api.requests).toEqual(["GET /slow"]);
  await page.clock.resume();
  await expect(checkPanel(page).getByRole("button", { name: "Cancel" })).toBeVisible();
  expect(api.requests).toEqual(["GET /slow"]);
  await api.close();
});

test("a queued check says that it waits, and runs when its slot is free", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  const slow = await startRestApiServer({});
  const api = await startRestApiServer({});
  const others = [tenant.admin, tenant.admin, tenant.admin, tenant.user].map(({ id }, n) => {
    const properties = {
      baseUrl: slow.baseUrl,
      testPath: `/slow?${n}`,
      authType: "none",
      tlsMode: "disable",
    };
    const body = { kind: "restapi", connectionName: "Slow", properties, isConfirmed: true };
    return sendSigned({ userId: id, fabricId: tenant.fabric.id }, "connection:check", body);
  });
  const streams = await Promise.all(others);
  await expect.poll(() => slow.requests.length).toBe(4);
  await signIn(context, tenant.user);
  await startConnection(page, tenant.fabric, "REST API");
  await fillConnection(page, {
    "Connection Name": "Orders",
    "Base URL": api.baseUrl,
    Encryption: "No encryption",
  });
  const panel = checkPanel(page);
  await panel.getByRole("button", { name: "Check" }).click();
  await expect(panel.getByText("Waiting: next in the queue.")).toBeVisible();
  await expectAccessibleState(page, "a check that waits", ["light", "dark"]);
  expect(api.requests).toEqual([]);
  await Promise.all(streams.map(({ body }) => body?.cancel()));
  await expect(panel.getByText("The check passed.")).toBeVisible();
  await Promise.all([api.close(), slow.close()]);
});
