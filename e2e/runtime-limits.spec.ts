import * as z from "zod";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import { field, openDialog } from "@/e2e/secrets-screen";
import { findLeaks } from "@/testing/canary";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { sendSigned } from "@/testing/signed-request";
import { stack } from "@/testing/stack-address";
import { createToken, database, type Tenant } from "@/testing/tenant";

async function addText(tenant: Tenant, name: string, value: string): Promise<string> {
  const created = await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    { subKind: "text", name, fields: { value } },
  ]);
  if (!created.ok) throw new Error(created.code);
  return z.object({ id: z.string() }).parse(created.value).id;
}

const ask = (path: string, token: string, init: RequestInit = {}) =>
  fetch(new URL(path, stack().automateUrl), {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });

test("an Admin limits a token to one secret, and all others answer not found", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await addText(tenant, "reach_me", canary.value());
  await addText(tenant, "not_me", canary.value());
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  const dialog = await openDialog(page, "Create token", "Create pipeline token");
  await field(dialog, "Name").fill("narrow");
  await field(dialog, "Only these secrets").fill("nothing_here");
  await field(dialog, "Only from these addresses").fill("10.0.0.0/99");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByText("is not an IP address or range")).toBeVisible();
  await field(dialog, "Only from these addresses").fill("127.0.0.0/8\n::1");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByText("Secret “nothing_here” not found.")).toBeVisible();
  await field(dialog, "Only these secrets").fill("REACH_ME");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  const created = page.getByRole("dialog", { name: "Pipeline token created" });
  const token = (await created.locator("code").first().textContent()) ?? "";
  await created.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("Secrets: reach_me")).toBeVisible();
  await expect(page.getByText("From: 127.0.0.0/8, ::1")).toBeVisible();
  expect((await requestSecret(token, "reach_me")).status).toBe(200);
  const [outside, none] = [await requestSecret(token, "not_me"), await requestSecret(token, "nothing")];
  expect([outside.status, none.status]).toEqual([404, 404]);
  expect(await outside.text()).toBe(await none.text());
});

test("a token limited to a connection waits after a User points that at another secret, until an Admin confirms", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const [former, other] = [canary.value(), canary.value()];
  const by = { userId: tenant.admin.id, fabricId: tenant.fabric.id };
  await sendSigned(by, "destination:rule", { rule: "open" });
  const caller = await callerOf(tenant.user);
  const settings = { baseUrl: "https://api.example.com", tlsMode: "verify-full", authType: "bearer" };
  const input = async (secretName: string, value: string) => ({
    name: "Orders",
    description: "",
    properties: { ...settings, bearerToken: await addText(tenant, secretName, value) },
  });
  const created = await callAction(caller, "createConnectionAction", [
    tenant.fabric.id,
    { kind: "restapi", ...(await input("db_password", former)) },
  ]);
  if (!created.ok) throw new Error(created.code);
  const connectionId = z.object({ id: z.string() }).parse(created.value).id;
  const limits = { secretIds: [], connectionIds: [connectionId], cidrs: [] };
  const { token } = await createToken(tenant, { name: "orders-load", limits });
  const read = () => ask("/v1/connections/Orders", token);
  expect(await (await read()).text()).toContain(former);

  const change = { connectionId, ...(await input("db_password2", other)) };
  const changed = await callAction(caller, "updateConnectionAction", [tenant.fabric.id, change]);
  expect(changed.ok).toBe(true);
  const refused = await read();
  const body = await refused.text();
  expect([refused.status, findLeaks("answer", body, canary.mark)]).toEqual([409, []]);
  expect(JSON.parse(body).error.code).toBe("connection_not_confirmed");

  const sentence = "Orders now uses db_password2 instead of db_password.";
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/connections/${connectionId}`);
  await expect(
    page.getByText("Some pipelines can’t use this connection until an Admin confirms its secrets"),
  ).toBeVisible();
  await page.getByRole("link", { name: "orders-load" }).click();
  const row = page.getByRole("row", { name: /orders-load/ });
  await expect(row).toContainText(sentence);
  await row.getByRole("button", { name: "Confirm orders-load" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText(sentence);
  await dialog.getByRole("button", { name: "Confirm", exact: true }).click();
  await expect(row).not.toContainText(sentence);
  expect(await (await read()).text()).toContain(other);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText("with db_password2 instead of db_password")).toBeVisible();
  await expect(page.getByText(/references secrets that no Admin has confirmed/)).toBeVisible();
});

test("a saved connection with an invalid host says so, is not checked, and reaches no pipeline", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const secretId = await addText(tenant, "db_password", canary.value());
  const caller = await callerOf(tenant.user);
  const properties = { server: "db.example.com", database: "sales", username: "etl", password: secretId };
  const created = await callAction(caller, "createConnectionAction", [
    tenant.fabric.id,
    { kind: "postgres", name: "Ledger", description: "", properties },
  ]);
  if (!created.ok) throw new Error(created.code);
  // Saved as before Selvage validated hosts.
  await database().query(
    `UPDATE connection SET properties = properties || '{"server": "db.example.com;host=evil.example"}' WHERE name = 'Ledger' AND "fabricId" = $1`,
    [tenant.fabric.id],
  );
  const { token } = await startPipeline(tenant);
  const refused = await ask("/v1/connections/Ledger", token);
  const body = await refused.text();
  expect([refused.status, JSON.parse(body).error.code]).toEqual([409, "misconfigured"]);
  expect(findLeaks("answer", body, canary.mark)).toEqual([]);

  const sentence = "Enter a host name or address, such as db.example.com.";
  await signIn(context, tenant.user);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/connections`);
  const row = page.getByRole("row", { name: /Ledger/ });
  await expect(row).toContainText("Some settings are no longer valid.");
  await row.getByRole("button", { name: "Check Ledger" }).click();
  await expect(page.getByText("Ledger was not checked").first()).toBeVisible();
  await row.getByRole("link", { name: "Ledger" }).click();
  await expect(page.getByText(`Server: ${sentence}`)).toBeVisible();
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await expect(page.getByLabel("Server")).toHaveAccessibleDescription(new RegExp(sentence));
});

test("a batch and a connection return values, an unchanged one answers 304, and a missing name returns none", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const [one, two] = [canary.value(), canary.value()];
  const secretId = await addText(tenant, "one", one);
  await addText(tenant, "two", two);
  const connection = await callAction(await callerOf(tenant.user), "createConnectionAction", [
    tenant.fabric.id,
    {
      kind: "restapi",
      name: "Orders API",
      description: "",
      properties: {
        baseUrl: "https://api.example.com",
        tlsMode: "verify-full",
        authType: "bearer",
        bearerToken: secretId,
      },
    },
  ]);
  expect(connection.ok).toBe(true);
  const { token } = await startPipeline(tenant);

  const batch = (names: string[]) =>
    ask("/v1/secrets:batch", token, {
      method: "POST",
      body: JSON.stringify({ names }),
      headers: { "content-type": "application/json" },
    });
  expect((await (await batch(["two", "one"])).json()).secrets).toMatchObject([
    { value: two },
    { value: one },
  ]);
  const partial = await batch(["one", "three"]);
  const body = await partial.text();
  expect([partial.status, findLeaks("answer", body, canary.mark)]).toEqual([404, []]);
  expect(JSON.parse(body).error.errors).toEqual([{ index: 1, name: "three", code: "not_found" }]);

  const path = `/v1/connections/${encodeURIComponent("orders api")}`;
  const whole = await ask(path, token);
  expect(await whole.json()).toMatchObject({
    name: "Orders API",
    kind: "restapi",
    properties: { baseUrl: "https://api.example.com", bearerToken: one },
    secrets: { bearerToken: { name: "one", version: 1 } },
  });
  for (const url of [path, "/v1/secrets/one"]) {
    const etag = (await ask(url, token)).headers.get("etag") ?? "";
    const again = await ask(url, token, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  }
});
