import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { field, openAddSecret, secretRow } from "@/e2e/secrets-screen";
import { signIn } from "@/testing/sign-in";
import { database } from "@/testing/tenant";

const day = 86_400_000;
const dayText = (days: number) => new Date(Date.now() + days * day).toISOString().slice(0, 10);

test("a person finds what expires, passes it on, snoozes it with a reason and gives it another date", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor((Date.now() + 5.5 * day) / 1000);
  const token = `${part({ alg: "RS256" })}.${part({ sub: canary.value(), exp })}.c2ln`;

  // The date comes from the value, and is shown before it is stored.
  const dialog = await openAddSecret(page, tenant.fabric);
  await field(dialog, "Name").fill("partner_token");
  await field(dialog, "Value").fill(token);
  await expect(dialog.getByText(/^Empty: .+ from the token\.$/)).toBeVisible();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "partner_token")).toContainText("Expires in 5 days");
  await expect(secretRow(page, "partner_token")).toContainText(tenant.user.name);

  const plain = await openAddSecret(page, tenant.fabric);
  await field(plain, "Name").fill("warehouse_password");
  await field(plain, "Value").fill(canary.value());
  await field(plain, "Expires").fill(dayText(200));
  await plain.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "warehouse_password")).toBeVisible();
  await page.getByLabel("State").selectOption("Expiring");
  await expect(secretRow(page, "warehouse_password")).toHaveCount(0);

  await secretRow(page, "partner_token").getByRole("link", { name: "partner_token" }).click();
  await expect(page.getByText("This value expires in 5 days")).toBeVisible();
  await page.getByRole("button", { name: "Change owner" }).click();
  await page
    .getByRole("combobox", { name: "Owner" })
    .selectOption({ label: `${tenant.admin.name} (${tenant.admin.email})` });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(`Its owner is ${tenant.admin.name}.`)).toBeVisible();

  await page.getByRole("button", { name: /^Snooze/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Snooze" }).click();
  await expect(page.getByText("Enter a reason.")).toBeVisible();
  await page.getByLabel("Reason").fill("The partner sends a new one.");
  await page.getByRole("dialog").getByRole("button", { name: "Snooze" }).click();
  await expect(
    page.getByText(/snoozed the reminders until .+: “The partner sends a new one\.”/),
  ).toBeVisible();
  await page.getByRole("button", { name: /^End snooze/ }).click();
  await expect(page.getByRole("button", { name: /^Snooze/ })).toBeVisible();

  // An entered date counts instead of the value's own, until it is removed.
  const about = page.getByRole("region", { name: "About" });
  await page.getByRole("button", { name: "Edit expiry" }).click();
  await page.getByLabel("Expires", { exact: true }).fill(dayText(3));
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("This value expires in 3 days")).toBeVisible();
  await expect(about).not.toContainText("from the token");

  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText("snoozed the reminders about").first()).toBeVisible();
  await expect(page.getByText("changed the owner of").first()).toBeVisible();
  await expect(page.getByText("changed the expiry of").first()).toBeVisible();
});

test("a person verifies their address by the code that was sent there", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  await database().query(
    `INSERT INTO reminder_channel (channel, "seenAt") VALUES ('email', now() + interval '1 hour')
     ON CONFLICT (channel) DO UPDATE SET "seenAt" = excluded."seenAt"`,
  );
  await database().query(`DELETE FROM verified_address WHERE "userId" = $1`, [tenant.user.id]);
  await open(page, "/settings/reminders");
  await expect(page.getByText("Not verified")).toBeVisible();
  await page.getByRole("button", { name: "Send code" }).click();
  await page.getByRole("button", { name: "Enter code" }).click();
  await page.getByRole("textbox", { name: "Code" }).fill("1234");
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText("Enter the 8 digits of the e-mail.")).toBeVisible();
  const { rows } = await database().query<{ code: string }>(
    `SELECT code FROM address_code WHERE "userId" = $1`,
    [tenant.user.id],
  );
  const code = rows[0]?.code ?? "";
  await page.getByRole("textbox", { name: "Code" }).fill(code === "00000000" ? "11111111" : "00000000");
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText("This is not the code of the last e-mail.")).toBeVisible();
  await page.getByRole("textbox", { name: "Code" }).fill(`${code.slice(0, 4)} ${code.slice(4)}`);
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText("Verified by a code")).toBeVisible();
  await expect(page.getByText("Your reminders go to this address.")).toBeVisible();
});
