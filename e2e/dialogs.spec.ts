import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { signIn } from "@/testing/sign-in";
import { createPerson } from "@/testing/tenant";

test("Enter a second time, before the answer, does not submit a dialog again", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  await open(page, "/settings/access-tokens");
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog", { name: "Create access token" });
  const name = dialog.getByLabel("Name");
  await name.fill("nightly");

  let answer = () => {};
  const isPressedTwice = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/settings/access-tokens", async (route) => {
    if (route.request().method() === "POST") await isPressedTwice;
    await route.continue();
  });
  await name.press("Enter");
  await expect(dialog.getByRole("button", { name: "Create", exact: true })).toHaveAttribute("aria-busy");
  await name.press("Enter");
  answer();
  const created = page.getByRole("dialog", { name: "Access token created" });
  await created.getByRole("button", { name: "Done" }).click();
  // A page's actions run one after another, so a second creation would be done before this.
  const rows = page.getByRole("row").filter({ hasText: "nightly" });
  await rows.first().getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("Token revoked")).toBeVisible();
  await expect(rows).toHaveCount(1);
});

test("after a failed attempt, Create fabric still asks before it discards what was entered", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  await signIn(context, tenant.admin);
  await open(page, "/metadata");
  await page.route("**/metadata", (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue(),
  );
  await page.getByRole("button", { name: "Create fabric" }).click();
  const dialog = page.getByRole("dialog", { name: "Create fabric" });
  await dialog.getByLabel("Name").fill("Sales");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByText(/^It is not known whether it was saved/)).toBeVisible();
  await page.keyboard.press("Escape");
  const question = page.getByRole("alertdialog", { name: "Discard what you entered?" });
  await question.getByRole("button", { name: "Keep editing" }).click();
  await expect(dialog.getByLabel("Name")).toHaveValue("Sales");
});

test("an invitation asks before it discards what was entered; a password is discarded at once", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const ada = await createPerson({ name: "Ada", in: tenant.team, role: "admin", password: "a few words" });
  await signIn(context, ada, { minutesAgo: 30 });
  await open(page, `/metadata/teams/${tenant.team.id}`);
  await page.getByRole("button", { name: "Add member" }).click();
  const invite = page.getByRole("dialog", { name: "Add member" });
  await invite.getByLabel("E-mail").fill("ada@example.com");
  await invite.getByRole("button", { name: "Create link" }).click();
  const again = page.getByRole("dialog", { name: "Confirm your identity" });
  await again.getByRole("textbox", { name: "Password" }).fill("not it");
  await page.keyboard.press("Escape");
  await expect(again).toBeHidden();
  // The person cancelled, so this is no error.
  await expect(invite.getByRole("alert")).toHaveCount(0);
  await expect(invite.getByLabel("E-mail")).toHaveValue("ada@example.com");
  await page.keyboard.press("Escape");
  await page.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click();
  await expect(invite).toBeHidden();
});

test("the error of a long form is in view when it appears", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.admin);
  await page.setViewportSize({ width: 390, height: 700 });
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  await page.route("**/advanced", (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue(),
  );
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog", { name: "Create pipeline token" });
  await dialog.getByLabel("Name").fill("nightly");
  await dialog.getByLabel("Only from these addresses").fill("10.1.0.0/16");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await expect(dialog.getByText(/^It is not known whether this was saved/)).toBeInViewport({ ratio: 1 });
});

test("a token that nobody copied is not lost by Escape or a click outside", async ({
  page,
  context,
  tenant,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/advanced`);
  await page.getByRole("button", { name: "Create token" }).click();
  const form = page.getByRole("dialog", { name: "Create pipeline token" });
  await form.getByLabel("Name").fill("nightly");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const created = page.getByRole("dialog", { name: "Pipeline token created" });
  const token = created.getByText(/^svp_/).first();
  const question = page.getByRole("alertdialog", { name: "Close without copying the token?" });
  await expect(token).toBeVisible();
  await page.keyboard.press("Escape");
  await question.getByRole("button", { name: "Keep open" }).click();
  await expect(question).toBeHidden();
  await page.mouse.click(5, 5);
  await question.getByRole("button", { name: "Keep open" }).click();
  await expect(token).toBeVisible();
  await created.getByRole("button", { name: "Copy token" }).click();
  await expect(created.getByText("Copied").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(created).toBeHidden();
});
