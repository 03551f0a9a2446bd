import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { chooseType, field, openAddSecret, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { signIn } from "@/testing/sign-in";

/** Pastes as a person does: the browser itself inserts the text of the clipboard. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press("ControlOrMeta+V");
}

test("a pasted value with spaces or a line break around it says so, and one button removes them", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const value = canary.value();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(context, tenant.user);
  const dialog = await openAddSecret(page, tenant.fabric);
  await field(dialog, "Name").fill("db_password");
  await field(dialog, "Value").focus();
  await paste(page, ` ${value}\n`);
  const note = dialog.getByText("This value starts with a space and ends with a line break.");
  await expect(note).toBeVisible();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(note).toHaveCount(0);
  await expect(field(dialog, "Value")).toHaveValue(value);
  await expect(field(dialog, "Value")).toBeFocused();

  // The same for each field of the other types.
  await chooseType(dialog, "Username & Password");
  await field(dialog, "Password").focus();
  await paste(page, `${value} `);
  await expect(dialog.getByText("This value ends with a space.")).toBeVisible();
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(field(dialog, "Password")).toHaveValue(value);
  // A person who types several words is not interrupted after each.
  await field(dialog, "Username").pressSequentially("svc ");
  await expect(dialog.getByText(/^This value/)).toHaveCount(0);
  await field(dialog, "Username").pressSequentially("orders");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(secretRow(page, "db_password")).toBeVisible();
});

test("a file that is dropped beside the zone opens nowhere", async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  const dialog = await openAddSecret(page, tenant.fabric);
  await chooseType(dialog, "Binary");
  const isRefused = (selector: string) =>
    page.evaluate(
      ([css = "", text = ""]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "private.pem"));
        const refusals = ["dragover", "drop"].map((type) => {
          const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
          document.querySelector(css)?.dispatchEvent(event);
          return event.defaultPrevented;
        });
        return refusals;
      },
      [selector, canary.value()],
    );
  expect(await isRefused("[role=dialog] h2")).toEqual([true, true]);
  expect(await isRefused("main")).toEqual([true, true]);
  await expect(dialog.getByText("private.pem")).toHaveCount(0);
});

test("the focus stays where the person works: at the name after a suggestion, on the page after the first secret", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  const add = page.getByRole("main").getByRole("button", { name: "Add Secret" }).last();
  await add.focus();
  await add.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Add Secret" });
  await field(dialog, "Name").fill("My password");
  await dialog.getByRole("button", { name: "Use My_password" }).press("Enter");
  await expect(field(dialog, "Name")).toBeFocused();
  await field(dialog, "Value").fill(canary.value());
  await dialog.getByRole("button", { name: "Create" }).press("Enter");
  await expect(secretRow(page, "My_password")).toBeVisible();
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});
