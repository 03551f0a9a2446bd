import { violations } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startWebCopy } from "@/e2e/program-copy";
import { field, fillSecret, secretRow, secretsPath } from "@/e2e/secrets-screen";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database } from "@/testing/tenant";
import { openWire } from "@/testing/wire";

/** A copy of web whose connections to Postgres a test can cut. */
async function startWiredWeb() {
  const wire = await openWire(stack().webEnv.WEB_DATABASE_URL ?? "");
  const web = await startWebCopy("web-wired", () => ({ WEB_DATABASE_URL: wire.url }));
  return {
    wire,
    url: web.url,
    stop: async () => {
      await web.stop();
      await wire.close();
    },
  };
}

test("a secret whose answer is lost stays in its dialog, and sending it again creates no second one", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const web = await startWiredWeb();
  try {
    await signIn(context, tenant.user, { at: web.url });
    await open(page, `${web.url}${secretsPath(tenant.fabric)}`);
    await page.getByRole("button", { name: "Add Secret" }).click();
    const dialog = page.getByRole("dialog", { name: "Add Secret" });
    const value = canary.value();
    await fillSecret(page, dialog, { type: "Text", name: "lost_answer", value });
    const cut = web.wire.cutAfter("COMMIT");
    await dialog.getByRole("button", { name: "Create" }).click();
    await cut;
    await expect(dialog).toContainText(
      "It is not known whether it was saved. Look at the list, or send it again: sending again is safe.",
    );
    await expect(field(dialog, "Value")).toHaveValue(value);
    await dialog.getByRole("button", { name: "Create" }).click();
    await expect(dialog).toHaveCount(0);
    await expect(secretRow(page, "lost_answer")).toBeVisible();
    const { rows } = await database().query(`SELECT count(*)::int AS n FROM secret WHERE "fabricId" = $1`, [
      tenant.fabric.id,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
  } finally {
    await web.stop();
  }
});

test("a replacement whose answer is lost makes one version, and web rejects other contents under its key", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const web = await startWiredWeb();
  try {
    const caller = await callerOf(tenant.user);
    const created = await callAction(caller, "createSecretAction", [
      tenant.fabric.id,
      { subKind: "text", name: "replaced", fields: { value: canary.value() } },
    ]);
    const secretId = created.ok ? (created.value as { id: string }).id : "";
    const key = "0123456789abcdef0123";
    const input = {
      subKind: "text",
      secretId,
      expectedVersion: 1,
      fields: { value: canary.value() },
      destinationIds: [],
    };
    const replace = (fields = input.fields) =>
      callAction(caller, "replaceSecretAction", [tenant.fabric.id, { ...input, fields }, key], web.url);
    const cut = web.wire.cutAfter("COMMIT");
    const [lost] = await Promise.all([replace(), cut]);
    expect(lost).toEqual({ ok: false, code: "outcome_unknown" });
    expect(await replace()).toEqual({ ok: true, value: { version: 2, destinationsKept: true } });
    expect(await replace({ value: canary.value() })).toEqual({ ok: false, code: "saved_before" });
    const { rows } = await database().query(
      `SELECT count(*)::int AS n FROM secret_version WHERE "secretId" = $1`,
      [secretId],
    );
    expect(rows).toEqual([{ n: 2 }]);
  } finally {
    await web.stop();
  }
});

test("during a database outage a server action says that nothing was saved, and a page retries until the database is back", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const web = await startWiredWeb();
  try {
    await signIn(context, tenant.user, { at: web.url });
    const caller = await callerOf(tenant.user);
    await web.wire.close();
    const input = { subKind: "text", name: "never", fields: { value: canary.value() } };
    expect(await callAction(caller, "createSecretAction", [tenant.fabric.id, input], web.url)).toEqual({
      ok: false,
      code: "database_unavailable",
    });
    // Web checks once a second; a page rendered before that first shows another message, and retries, too.
    await expect.poll(async () => (await fetch(`${web.url}/readyz`)).status).toBe(503);
    const answer = await page.goto(`${web.url}${secretsPath(tenant.fabric)}`);
    expect(answer?.status()).toBe(503);
    await expect(page.getByRole("heading", { name: "The database is not available" })).toBeVisible();
    expect(await violations(page)).toEqual([]);
    // The page polls in the background, so that a keyboard user keeps the focus.
    const tryAgain = page.getByRole("link", { name: "Try again" });
    await tryAgain.focus();
    await page.waitForResponse((response) => response.request().method() === "HEAD");
    await expect(tryAgain).toBeFocused();
    const back = await openWire(stack().webEnv.WEB_DATABASE_URL ?? "", Number(new URL(web.wire.url).port));
    await expect(page.getByRole("button", { name: "Add Secret" })).toBeVisible({ timeout: 15_000 });
    // A stopping web sends no more parts of a page.
    await page.goto("about:blank");
    await back.close();
  } finally {
    await web.stop();
  }
});

test("a page that fails to render after its secret was saved does not say that nothing was changed", {
  tag: "@long",
}, async ({ page, context, tenant, canary, expectConsoleError }) => {
  const web = await startWiredWeb();
  try {
    await signIn(context, tenant.user, { at: web.url });
    await open(page, `${web.url}${secretsPath(tenant.fabric)}`);
    await page.getByRole("button", { name: "Add Secret" }).click();
    const dialog = page.getByRole("dialog", { name: "Add Secret" });
    await fillSecret(page, dialog, { type: "Text", name: "saved", value: canary.value() });
    const closed = web.wire.closeAfter("COMMIT");
    await dialog.getByRole("button", { name: "Create" }).click();
    await closed;
    // React's message for a page that failed on the server.
    expectConsoleError(/Minified React error #441/);
    await expect(page.getByRole("heading", { name: "This page could not be loaded" })).toBeVisible();
    await expect(page.locator("body")).not.toContainText("Nothing was changed");
    const back = await openWire(stack().webEnv.WEB_DATABASE_URL ?? "", Number(new URL(web.wire.url).port));
    await expect(async () => {
      await page.getByRole("button", { name: "Try again" }).click({ timeout: 1000 });
      await expect(secretRow(page, "saved")).toBeVisible({ timeout: 3000 });
    }).toPass({ timeout: 30_000 });
    await page.goto("about:blank");
    await back.close();
  } finally {
    await web.stop();
  }
});
