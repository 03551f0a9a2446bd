import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { field, openDialog } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { startWorkloadIssuer } from "@/testing/servers/workload-issuer";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import type { Tenant } from "@/testing/tenant";

async function addText({ user, fabric }: Tenant, name: string, value: string) {
  const input = { subKind: "text", name, fields: { value } };
  const created = await callAction(await callerOf(user), "createSecretAction", [fabric.id, input]);
  expect(created.ok).toBe(true);
}

const advanced = ({ fabric }: Tenant) => `/metadata/fabrics/${fabric.id}/advanced`;

test("an Admin trusts an issuer for one secret: its workloads read only that one with their own tokens, until its removal", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const value = canary.value();
  await addText(tenant, "reach_me", value);
  await addText(tenant, "not_me", canary.value());
  const { issuer, sign, close } = await startWorkloadIssuer();
  await signIn(context, tenant.admin);
  await open(page, advanced(tenant));
  const dialog = await openDialog(page, "Add trusted issuer", "Add trusted issuer");
  await field(dialog, "Name").fill("Cluster");
  await field(dialog, "Issuer").fill("http://cluster.example.com");
  // The form already shows the audience, which names the fabric.
  const audience = `selvage:${tenant.fabric.id}`;
  await expect(field(dialog, "Audience")).toHaveValue(audience);
  await field(dialog, "Audience").fill("selvage");
  await field(dialog, "Subject").fill("*");
  await field(dialog, "Only these secrets").fill("nothing_here");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("starting with https://")).toBeVisible();
  await expect(dialog.getByText("at least three characters")).toBeVisible();
  await field(dialog, "Issuer").fill("https://nobody.invalid");
  await field(dialog, "Subject").fill("system:serviceaccount:etl:*");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("The audience must contain this fabric’s id")).toBeVisible();
  await field(dialog, "Audience").fill(audience);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("Secret “nothing_here” not found.")).toBeVisible();
  await field(dialog, "Only these secrets").fill("reach_me");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("No server has this name.")).toBeVisible();
  await field(dialog, "Issuer").fill(issuer);
  await field(dialog, "Public keys").fill('{"keys":[{"kty":"oct","k":"AA"}]}');
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("This contains a private or secret key.")).toBeVisible();
  await field(dialog, "Public keys").fill("");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.getByRole("row", { name: /Cluster/ });
  await expect(row).toContainText("Secrets: reach_me");

  const token = await sign({ subject: "system:serviceaccount:etl:nightly", audience });
  const read = (path: string, headers: Record<string, string>) =>
    fetch(new URL(path, stack().automateUrl), { headers });
  const headers = { authorization: `Bearer ${token}` };
  expect(await (await read("/v1/secrets/reach_me", headers)).json()).toMatchObject({ value });
  expect((await read("/v1/secrets/not_me", headers)).status).toBe(404);
  const path = `/vault/v1/${tenant.fabric.id}/data/reach_me`;
  expect((await (await read(path, { "x-vault-token": token })).json()).data.data).toEqual({ value });
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText("Cluster: system:serviceaccount:etl:nightly").first()).toBeVisible();

  await open(page, advanced(tenant));
  await row.getByRole("button", { name: "Remove Cluster" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByText("No trusted issuers yet")).toBeVisible();
  expect((await read("/v1/secrets/reach_me", headers)).status).toBe(401);
  await close();
});

test("a User sees no control to trust an issuer, and sees who can", async ({ page, context, tenant }) => {
  await signIn(context, tenant.user);
  await open(page, advanced(tenant));
  await expect(page.getByRole("button", { name: "Add trusted issuer" })).toHaveCount(0);
  await expect(page.getByText(/can add trusted issuers/)).toBeVisible();
});
