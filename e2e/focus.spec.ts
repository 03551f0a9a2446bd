import type { Locator, Page } from "@playwright/test";
import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { addAccessToken, addAlarm, addInvitation, addSecret, addTrashedSecret } from "@/testing/factories";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { createToken, insert, type Tenant } from "@/testing/tenant";

/** Presses a button by keyboard. */
async function press(button: Locator): Promise<void> {
  await button.focus();
  await button.press("Enter");
}

/** The focused element, in the words with which a screen reader begins; "" where the page lost the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document;
    return activeElement === document.body ? "" : (activeElement?.textContent ?? "");
  });
}

const advanced = ({ fabric }: Tenant) => `/metadata/fabrics/${fabric.id}/advanced`;

test("a kept or removed destination passes the focus to the next one, and the last one passes it to the page", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const secretId = await addSecret(tenant);
  for (const name of ["one", "two", "three"])
    await insert("allowed_destination", {
      id: uuidv7(),
      fabricId: tenant.fabric.id,
      secretId,
      version: 1,
      destination: `https://${name}.test.example:443`,
      createdById: "upgrade",
      createdByName: "Selvage",
      toReview: "Orders",
    });
  await signIn(context, tenant.admin);
  await open(page, advanced(tenant));
  const section = page.getByRole("region", { name: /^Destinations to review/ });
  const [first, second, third] = await section.getByRole("listitem").allTextContents();
  await press(section.getByRole("button", { name: /^Keep/ }).nth(1));
  await expect.poll(() => focused(page)).toBe(third);
  await press(section.getByRole("button", { name: /^Keep/ }).nth(1));
  await expect.poll(() => focused(page)).toBe(first);
  expect(second).not.toBe(first);
  // The next Tab continues from there.
  await page.keyboard.press("Tab");
  await expect(section.getByRole("link")).toBeFocused();
  await press(section.getByRole("button", { name: /^Remove/ }));
  const dialog = page.getByRole("alertdialog");
  await press(dialog.getByRole("button", { name: "Remove", exact: true }));
  await expect(section).toHaveCount(0);
  await expect(page.locator("#main")).toBeFocused();
});

test("acknowledging an alarm, confirming a change and revoking a token keep the focus in place", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  for (let i = 0; i < 2; i++) await addAlarm(tenant);
  const caller = await callerOf(tenant.admin);
  const secrets = [await addSecret(tenant), await addSecret(tenant)];
  const saveOrders = async (action: string, bearerToken: string | undefined, more: object) => {
    const properties = { baseUrl: "https://api.test.example", authType: "bearer", bearerToken };
    const input = { name: "Orders", description: "", properties, ...more };
    const created = await callAction(caller, action, [tenant.fabric.id, input]);
    if (!created.ok) throw new Error(JSON.stringify(created));
    return created.value as { id: string };
  };
  const { id: connectionId } = await saveOrders("createConnectionAction", secrets[0], { kind: "restapi" });
  await createToken(tenant, { limits: { secretIds: [], connectionIds: [connectionId], cidrs: [] } });
  await saveOrders("updateConnectionAction", secrets[1], { connectionId });
  await signIn(context, tenant.admin);
  await open(page, advanced(tenant));

  const alarms = page.getByRole("region", { name: "Alarms" });
  await press(alarms.getByRole("button", { name: /^Acknowledge/ }).first());
  await expect.poll(() => focused(page)).toContain("could not be opened");
  await press(alarms.getByRole("button", { name: /^Acknowledge/ }));
  await expect(alarms).toHaveCount(0);
  await expect(page.locator("#main")).toBeFocused();

  const row = page.getByRole("row", { name: /nightly/ });
  const confirm = row.getByRole("button", { name: /^Confirm/ });
  await press(confirm);
  await press(page.getByRole("alertdialog").getByRole("button", { name: "Confirm", exact: true }));
  await expect(confirm).toHaveCount(0);
  await expect(row).toBeFocused();
});

test("a person who revokes the last token or invitation of a list keeps the keyboard focus on the page", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  await addAccessToken(tenant);
  await addInvitation(tenant);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/teams/${tenant.team.id}`);
  await press(page.getByRole("button", { name: /^Revoke nightly/ }));
  await press(page.getByRole("alertdialog").getByRole("button", { name: "Revoke", exact: true }));
  await expect(page.getByText("No member has an access token.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Access", exact: true })).toBeFocused();
  await press(page.getByRole("button", { name: /^Revoke the invitation/ }));
  await press(page.getByRole("alertdialog").getByRole("button", { name: "Revoke", exact: true }));
  await expect(page.getByRole("heading", { name: "Pending invitations" })).toHaveCount(0);
  await expect(page.locator("#main")).toBeFocused();
});

test("discarding, undoing by a button or a message, and restoring keep the focus on the page", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const caller = await callerOf(tenant.admin);
  const run = async (name: string, input: object) => {
    const made = await callAction(caller, name, [tenant.fabric.id, input]);
    if (!made.ok) throw new Error(`${name}: ${JSON.stringify(made)}`);
  };
  const enter = (version: number) =>
    run("createCandidateAction", {
      subKind: "text",
      secretId,
      expectedVersion: version,
      fields: { value: `v${version}` },
    });
  const secretId = await addSecret(tenant);
  await enter(1);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/secrets/${secretId}`);
  const dialog = page.getByRole("alertdialog");
  const main = page.locator("#main");

  await press(page.getByRole("button", { name: "Discard" }));
  await press(dialog.getByRole("button", { name: "Discard" }));
  await expect(page.getByRole("region", { name: "New value" })).toHaveCount(0);
  await expect(dialog).toHaveCount(0);
  await expect(main).toBeFocused();

  await enter(1);
  await run("promoteCandidateAction", { secretId, candidate: 2, accepted: [] });
  await page.reload();
  const promoted = page.getByRole("region", { name: "Version 2 promoted" });
  await press(promoted.getByRole("button", { name: "Go back to version 1" }));
  await press(dialog.getByRole("button", { name: "Go back" }));
  await expect(promoted).toHaveCount(0);
  await expect(dialog).toHaveCount(0);
  await expect(main).toBeFocused();

  // The page has changed below the message with Undo. With other messages, the focus would go to the next one.
  await page.reload();
  await press(page.getByRole("button", { name: "Delete", exact: true }));
  await press(dialog.getByRole("button", { name: "Delete", exact: true }));
  await expect(main).toBeFocused();
  const message = page.getByRole("dialog");
  await press(message.getByRole("button", { name: "Undo" }));
  await expect(page.getByText("Secret restored")).toBeVisible();
  await expect(main).toBeFocused();
  // Hidden from screen readers until the focus is in the message.
  await press(message.locator("[aria-label=Dismiss]"));
  await expect(message).toHaveCount(0);
  await expect(main).toBeFocused();

  for (let i = 0; i < 3; i += 1) await addTrashedSecret(tenant);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/trash`);
  const restore = page.getByRole("button", { name: /^Restore/ });
  const rows = page.getByRole("table", { name: "Trash" }).getByRole("row");
  const second = (await rows.allTextContents())[2];
  await press(restore.first());
  await expect.poll(() => focused(page)).toBe(second);
  await press(restore.last());
  await expect.poll(() => focused(page)).toBe(second);
  await press(restore);
  await expect(page.getByText("The trash is empty")).toBeVisible();
  await expect(page.getByRole("region", { name: "Trash" })).toBeFocused();
});
