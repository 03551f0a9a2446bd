import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessibleState } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { builds } from "@/launcher/build.mjs";
import { nodeRuntime } from "@/launcher/node-runtime.mjs";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, type Tenant } from "@/testing/tenant";

const advanced = ({ fabric }: Tenant) => `/metadata/fabrics/${fabric.id}/advanced`;
const keys = (page: Page) => page.getByRole("region", { name: "Keys", exact: true });
const rows = (page: Page) =>
  keys(page)
    .getByRole("row")
    .filter({ has: page.getByRole("cell") });

async function addText({ user, fabric }: Tenant, name: string, value: string) {
  const input = { subKind: "text", name, fields: { value } };
  const created = await callAction(await callerOf(user), "createSecretAction", [fabric.id, input]);
  expect(created.ok).toBe(true);
}

async function rotate(page: Page) {
  await page.getByRole("button", { name: "Rotate key", exact: true }).click();
  const dialog = page.getByRole("alertdialog", { name: /^Rotate the key of/ });
  await dialog.getByRole("button", { name: "Rotate key", exact: true }).click();
  await expect(dialog).toBeHidden();
}

/** The minute after which the former key is destroyed. */
async function passMinute({ fabric }: Tenant) {
  await expect
    .poll(async () => {
      const { rowCount } = await database().query(
        `UPDATE fabric_key SET "emptySince" = now() - interval '2 minutes' WHERE "fabricId" = $1 AND "emptySince" IS NOT NULL`,
        [fabric.id],
      );
      return rowCount;
    })
    .toBe(1);
  await moveStart({ fabric });
}

async function moveStart({ fabric }: Pick<Tenant, "fabric">) {
  await database().query(
    `UPDATE key_rotation SET "startedAt" = now() - interval '2 minutes' WHERE "fabricId" = $1 AND state <> 'done'`,
    [fabric.id],
  );
}

test("an Admin rotates the key of a fabric, pauses and resumes it, while a pipeline reads; the former key is destroyed", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const value = canary.value();
  await addText(tenant, "warehouse", value);
  await addText(tenant, "other", canary.value());
  const pipeline = await startPipeline(tenant);
  expect((await pipeline.read("warehouse")).value).toBe(value);
  await signIn(context, tenant.admin);
  await open(page, advanced(tenant));
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText(/Seals new values.*main.*2$/);
  const former = await rows(page).getByRole("code").first().textContent();

  await rotate(page);
  const card = keys(page);
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText(`Seals new values`);
  await expect(rows(page).first()).toContainText("Ada Admin");
  await expect(rows(page).nth(1)).toContainText("Former");
  // The page follows by itself.
  await expect(card.getByText("2 of 2 values")).toBeVisible();
  await expect(card.getByRole("progressbar", { name: "Resealed values" })).toHaveJSProperty("value", 2);
  await expect(card.getByText("Automate destroys the former key")).toBeVisible();
  await expect(card.getByRole("button", { name: "Rotate key" })).toHaveAttribute("aria-disabled", "true");
  expect((await pipeline.read("warehouse")).value).toBe(value);

  await card.getByRole("button", { name: "Pause rotation" }).click();
  await expect(card.getByRole("status")).toHaveText("Paused");
  await expectAccessibleState(page, "a paused rotation", ["light", "dark"]);
  await card.getByRole("button", { name: "Resume rotation" }).click();
  await expect(card.getByRole("status")).toHaveText("Running");

  await passMinute(tenant);
  await expect(card.getByRole("status")).toHaveText("Done", { timeout: 20_000 });
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).not.toContainText(former ?? "");
  expect((await pipeline.read("warehouse")).value).toBe(value);

  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity?event=keys`);
  for (const sentence of [
    "Ada Admin started to rotate the key of this fabric",
    "Automate resealed values of this fabric",
    "Ada Admin paused the key rotation of this fabric",
    "Ada Admin resumed the key rotation of this fabric",
    "Automate destroyed a former key of this fabric",
    "Automate finished the key rotation of this fabric",
  ])
    await expect(page.getByText(sentence)).toBeVisible();
});

test("a value that cannot be opened is listed by secret and field, and the rotation ends without it", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  await addText(tenant, "sound", canary.value());
  await addText(tenant, "damaged", canary.value());
  await database().query(
    `UPDATE secret_field SET sealed = 'damaged' WHERE "secretId" IN (SELECT id FROM secret WHERE "fabricId" = $1 AND name = 'damaged')`,
    [tenant.fabric.id],
  );
  await signIn(context, tenant.admin);
  await open(page, advanced(tenant));
  await rotate(page);
  const card = keys(page);
  await expect(card.getByText("1 of 2 values, with 1 value that could not be opened")).toBeVisible();
  await moveStart(tenant);
  await expect(card.getByRole("status")).toHaveText("Done", { timeout: 20_000 });
  await expect(card.getByRole("listitem")).toHaveText("damaged, Value, version 1");
  await expect(rows(page)).toHaveCount(2);
  await expectAccessibleState(page, "a value that could not be opened", ["light", "dark"]);
  await card.getByRole("link", { name: "damaged" }).click();
  await expect(page.getByRole("heading", { name: "damaged" })).toBeVisible();
});

test("a User sees no keys, and an Admin signs in again before a rotation", async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  await open(page, advanced(tenant));
  await expect(page.getByRole("heading", { name: "Former versions" })).toBeVisible();
  await expect(keys(page)).toHaveCount(0);

  await context.clearCookies();
  await signIn(context, tenant.admin, { minutesAgo: 11 });
  await open(page, advanced(tenant));
  // With the keyboard alone.
  await keys(page).getByRole("button", { name: "Rotate key" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Rotate key" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Confirm your identity" })).toBeVisible();
  const sql = `SELECT id FROM key_rotation WHERE "fabricId" = $1`;
  expect((await database().query(sql, [tenant.fabric.id])).rowCount).toBe(0);
});

/** Runs the built program of `npm run admin`, with the operator's key of the stack or with another one. */
async function admin(args: string[], more: Record<string, string> = {}) {
  const { dir, databaseUrl, automateInternalUrl } = stack();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production" as const,
    DATABASE_URL: databaseUrl,
    AUTOMATE_URL: automateInternalUrl,
    OPERATOR_SIGNING_KEY: await readFile(join(dir, "keys/operator-signing.jwk"), "utf8"),
    ...more,
  };
  const command = ["launcher/run.mjs", "--operator", `${builds.test.dist}/admin.mjs`, ...args];
  return new Promise<string>((done) =>
    execFile(nodeRuntime(), command, { env }, (_error, stdout, stderr) => done(`${stdout}${stderr}`.trim())),
  );
}

test("an operator rotates a fabric's key, pauses it and verifies all keys by the commands as they are shipped", {
  tag: "@long",
}, async ({ tenant, canary }) => {
  const { name } = tenant.fabric;
  const ofFabric = ["--fabric", name];
  const value = canary.value();
  await addText(tenant, "warehouse", value);
  const pipeline = await startPipeline(tenant);
  expect(await admin(["keys", "rotate-fabric", ...ofFabric])).toMatch(
    new RegExp(`^“${name}” seals to its new key \\S+ from now on.`),
  );
  expect(await admin(["keys", "rotate-fabric", ...ofFabric])).toBe(
    "A rotation of this key is running or paused.",
  );
  expect(await admin(["keys", "pause", ...ofFabric])).toBe("Paused. keys resume goes on.");
  const status = await admin(["keys", "status"]);
  expect(status).toMatch(/“main” \(local\), primary: enabled, wraps \d+ fabric keys/);
  expect(status).toMatch(
    new RegExp(`“${name}” of team ${tenant.team.name}: paused, \\d of 1 value, started by Operator`),
  );
  expect(await admin(["keys", "resume", ...ofFabric])).toBe("Resumed.");
  expect(await admin(["keys", "verify", "--sample", "1"])).toMatch(
    /^Verified \d+ fabric keys, and tried \d+ values\./,
  );
  expect((await pipeline.read("warehouse")).value).toBe(value);
  const { WEB_SIGNING_KEY = "" } = stack().webEnv;
  expect(await admin(["keys", "status"], { OPERATOR_SIGNING_KEY: WEB_SIGNING_KEY })).not.toContain("main");
});
