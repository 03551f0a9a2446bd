import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createTenant, type Fabric } from "@/testing/tenant";

/** Generates a token as a person does, and returns the value that the page shows once. */
async function generateToken(page: Page, name: string): Promise<string> {
  await open(page, "/settings/access-tokens");
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog", { name: "Create access token" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  const created = page.getByRole("dialog", { name: "Access token created" });
  const token = await created.getByText(/^svu_/).textContent();
  // The command that keeps the token out of the shell history comes first.
  await expect(created.locator("code").nth(1)).toContainText(
    `login --url ${stack().webUrl} --automate-url ${stack().automateUrl}`,
  );
  await created.getByRole("button", { name: "Done" }).click();
  return token ?? "";
}

/** Calls the management API over HTTP, as a script does. */
function call(token: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(new URL(`/api/orchestration${path}`, stack().webUrl), {
    method,
    headers: { "x-auth-token": token, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const secretsOf = ({ id }: Fabric) => `/fabric/${id}/secret`;

test("the page shows an access token once; it works until revoked, and the audit log records its use", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  await signIn(context, tenant.user);
  const token = await generateToken(page, "Nightly script");
  const row = page.getByRole("row").filter({ hasText: "Nightly script" });
  await expect(row).toContainText("Active");
  await expect(row).toContainText("Never");
  // A closing dialog removes its text only after it has faded.
  await expect.poll(() => page.content()).not.toContain(token);

  const body = {
    kind: "prophecy",
    subKind: "text",
    properties: { name: "from_script", value: canary.value() },
  };
  const created = await call(token, "POST", secretsOf(tenant.fabric), body);
  expect(await created.json()).toEqual({ success: true, data: { id: expect.any(String) } });
  const other = await createTenant("Theirs");
  expect((await call(token, "GET", secretsOf(other.fabric))).status).toBe(404);
  expect((await call("", "GET", secretsOf(tenant.fabric))).status).toBe(401);
  const asBearer = await fetch(new URL(`/api/orchestration${secretsOf(tenant.fabric)}`, stack().webUrl), {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(asBearer.status).toBe(200);

  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText("by the access token “Nightly script”").first()).toBeVisible();

  await open(page, "/settings/access-tokens");
  await expect(row).not.toContainText("Never");
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toContainText("Revoked");
  expect((await call(token, "GET", secretsOf(tenant.fabric))).status).toBe(401);
});

test("the management API answers over HTTP as described: names with spaces, methods, bodies", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.admin);
  const token = await generateToken(page, "script");
  const path = `/fabric/${tenant.fabric.id}/connection`;
  const name = "Täglich 100% neu";
  const body = {
    name: "Orders API 1",
    kind: "restapi",
    isDefaultWarehouseConnection: false,
    properties: { baseUrl: "https://127.0.0.1:9" },
  };
  expect((await call(token, "POST", path, { ...body, name })).status).toBe(400);
  const created = await (await call(token, "POST", path, body)).json();
  const saved = await call(token, "GET", `${path}/name/${encodeURIComponent(body.name)}`);
  expect((await saved.json()).data).toEqual(created.data);
  expect(saved.headers.get("cache-control")).toBe("no-store");
  const checked = await call(token, "POST", `${path}/name/${encodeURIComponent(body.name)}/check`, {});
  expect(await checked.json()).toMatchObject({ success: true, data: { ok: false, step: "network" } });
  const patched = await call(token, "PATCH", path, {});
  expect([patched.status, patched.headers.get("allow")]).toEqual([405, "GET, POST"]);
  expect((await call(token, "GET", "/nothing")).status).toBe(404);

  const malformed = await fetch(new URL(`/api/orchestration${secretsOf(tenant.fabric)}`, stack().webUrl), {
    method: "POST",
    headers: { "x-auth-token": token, "content-type": "application/json" },
    body: `{"kind":"prophecy","value":"${canary.value()}"`,
  });
  expect(malformed.status).toBe(400);
  expect(await malformed.text()).not.toContain(canary.mark);
  const description = await (await fetch(new URL("/api/openapi.json", stack().webUrl))).json();
  expect(description.openapi).toBe("3.1.1");
});

test("a person tries a request in the reference with their own token", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  const token = await generateToken(page, "reference");
  await page.getByRole("link", { name: "API reference" }).click();
  await page.getByLabel("Access token", { exact: true }).fill(token);
  const operation = page.locator("#listSecretsByFabric");
  await operation.locator("summary").click();
  await expect(operation.getByRole("button", { name: "Send" })).toBeDisabled();
  await operation.getByLabel("fabricId").fill(tenant.fabric.id);
  // The reference offers a list for fields with few possible values.
  await operation.getByRole("combobox", { name: "order" }).selectOption("desc");
  await operation.getByRole("button", { name: "Send" }).click();
  await expect(operation.getByText('"secrets": []')).toBeVisible();
  await expect(operation.getByText("200", { exact: true })).toBeVisible();
});
