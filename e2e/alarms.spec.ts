import * as z from "zod";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database } from "@/testing/tenant";

test("a tampered stored value alarms the Admins of the fabric until one acknowledges the alarm", {
  tag: "@long",
}, async ({ page, context, browser, tenant, canary }) => {
  const home = `/metadata/fabrics/${tenant.fabric.id}`;
  const title = "A stored value of secret “warehouse” could not be opened";
  const input = { subKind: "text", name: "warehouse", fields: { value: canary.value() } };
  const created = await callAction(await callerOf(tenant.user), "createSecretAction", [
    tenant.fabric.id,
    input,
  ]);
  if (!created.ok) throw new Error(created.code);
  const secretId = z.object({ id: z.string() }).parse(created.value).id;
  await signIn(context, tenant.admin);
  await open(page, home);
  await expect(page.getByText(title)).toHaveCount(0);

  const sealed = `UPDATE secret_field SET sealed = left(sealed, -4) || 'AAAA' WHERE "secretId" = $1`;
  await database().query(sealed, [secretId]);
  const { token } = await startPipeline(tenant);
  expect((await requestSecret(token, "warehouse")).status).toBe(500);

  await open(page, `${home}/secrets`);
  await expect(page.getByText(title)).toBeVisible();
  await expect(page.getByRole("link", { name: "See the secret" })).toHaveAttribute(
    "href",
    `${home}/secrets/${secretId}`,
  );

  const theirs = await browser.newContext();
  await signIn(theirs, tenant.user);
  const colleague = await theirs.newPage();
  await open(colleague, `${stack().webUrl}${home}`);
  await expect(colleague.getByText(title)).toHaveCount(0);
  await theirs.close();

  await page.getByRole("button", { name: "Acknowledge the alarm of warehouse" }).click();
  await expect(page.getByText(title)).toHaveCount(0);
  await open(page, `${home}/activity?event=alarms`);
  await expect(page.getByText("acknowledged the alarm of")).toBeVisible();
  await expect(page.getByText("could not open a stored value of")).toBeVisible();
});
