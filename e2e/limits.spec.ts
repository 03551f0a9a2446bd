import { expect, test } from "@/e2e/fixtures";
import { startWebCopy } from "@/e2e/program-copy";
import { field, fillSecret, secretsPath } from "@/e2e/secrets-screen";
import { addManySecrets } from "@/testing/many-secrets";
import { signIn } from "@/testing/sign-in";
import { database } from "@/testing/tenant";

const ratePerMinute = 80;

test("a person who meets a quota, and then their rate, is told so and loses no input", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const web = await startWebCopy("web-limits", () => ({
    WEB_RATE_PER_MINUTE: String(ratePerMinute),
    QUOTA_SECRETS_PER_FABRIC: "3",
  }));
  try {
    await addManySecrets((text, values) => database().query(text, [...values]), tenant.fabric.id, 3);
    await signIn(context, tenant.user, { at: web.url });
    const secrets = `${web.url}${secretsPath(tenant.fabric)}`;
    await page.goto(secrets);
    await expect(page.getByText("This fabric has 3 of 3 secrets")).toBeVisible();
    await expect(page.getByText("No more can be added.")).toBeVisible();

    // React has hydrated when the button opens the dialog.
    const dialog = page.getByRole("dialog", { name: "Add Secret" });
    await expect(async () => {
      await page.getByRole("button", { name: "Add Secret" }).click();
      await expect(dialog).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await fillSecret(page, dialog, { type: "Text", name: "one_more", value: "canary-of-limits" });
    const create = dialog.getByRole("button", { name: "Create" });
    await create.click();
    await expect(dialog.getByRole("alert")).toContainText("This fabric may have 3 secrets");
    await expect(field(dialog, "Name")).toHaveValue("one_more");

    // The rate starts again with each minute of the clock.
    await expect.poll(() => new Date().getSeconds(), { timeout: 30_000 }).toBeLessThan(40);
    const options = `${web.url}/api/app/fabrics/${tenant.fabric.id}/secret-options`;
    const cookie = (await context.cookies(web.url)).map(({ name, value }) => `${name}=${value}`).join("; ");
    const answers = Array.from({ length: ratePerMinute + 1 }, () => fetch(options, { headers: { cookie } }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toContain(429);
    await create.click();
    await expect(dialog.getByRole("alert")).toContainText("Too many requests in the last minute.");
    await expect(field(dialog, "Name")).toHaveValue("one_more");
    const refused = await page.goto(secrets);
    expect([refused?.status(), Number(refused?.headers()["retry-after"]) > 0]).toEqual([429, true]);
    await expect(page.getByText(/You have sent more than 80 requests in this minute/)).toBeVisible();
  } finally {
    await web.stop();
  }
});
