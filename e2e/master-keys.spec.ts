import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectAccessibleState } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { requestSecret, startPipeline } from "@/e2e/pipeline";
import { startAutomateCopy, startWebCopy } from "@/e2e/program-copy";
import { field } from "@/e2e/secrets-screen";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack, teamWithKey } from "@/testing/stack-address";
import { createFabric, createPerson, createTeam, database, type Tenant } from "@/testing/tenant";

/** A key of the tenant's team as automate stores it, in a state. Automate has no such key, so it does not write it. */
async function storeTeamKey(tenant: Tenant, state: string): Promise<string> {
  const fingerprint = `own-${tenant.fabric.id.slice(-10)}`;
  const columns = `fingerprint, label, provider, "keyName", "teamId", "isPrimary", state, "stateSince", "seenAt"`;
  await database().query(
    `INSERT INTO master_key (${columns})
     SELECT $1, 'Acme’s key', 'aws', 'arn', "teamId", false, $2, now(), now() FROM fabric WHERE id = $3`,
    [fingerprint, state, tenant.fabric.id],
  );
  return fingerprint;
}

test("members see on every page of a fabric that its master key is not usable", { tag: "@long" }, async ({
  page,
  context,
  browser,
  tenant,
}) => {
  const home = `/metadata/fabrics/${tenant.fabric.id}`;
  const title = "Master key “Acme’s key” is disabled";
  const fingerprint = await storeTeamKey(tenant, "disabled");
  await signIn(context, tenant.admin);
  await open(page, home);
  await expect(page.getByText(title)).toHaveCount(0);

  // A former key of the fabric under that master key.
  await database().query(
    `INSERT INTO fabric_key (kid, "fabricId", "publicJwk", signature, "wrappedPrivate", "wrappedKey", "masterKeyId", "createdAt")
     SELECT $1, "fabricId", "publicJwk", signature, "wrappedPrivate", "wrappedKey", $3, '2020-01-01'
     FROM fabric_key WHERE "fabricId" = $2 LIMIT 1`,
    [`00-former-${tenant.fabric.id}`, tenant.fabric.id, fingerprint],
  );
  for (const path of ["", "/secrets", "/connections", "/activity", "/advanced"]) {
    await open(page, `${home}${path}`);
    await expect(page.getByText(title)).toBeVisible();
  }
  const theirs = await browser.newContext();
  await signIn(theirs, tenant.user);
  const colleague = await theirs.newPage();
  await open(colleague, `${stack().webUrl}${home}`);
  await expect(colleague.getByText(title)).toBeVisible();
  await theirs.close();
  await database().query(`DELETE FROM fabric_key WHERE kid = $1`, [`00-former-${tenant.fabric.id}`]);
  await database().query(`DELETE FROM master_key WHERE fingerprint = $1`, [fingerprint]);
});

test("an Admin may choose among the team's own master keys, and nothing changes when automate has no such key", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const advanced = `/metadata/fabrics/${tenant.fabric.id}/advanced`;
  await signIn(context, tenant.admin);
  await open(page, advanced);
  await expect(page.getByRole("combobox", { name: "Master key" })).toHaveCount(0);
  const fingerprint = await storeTeamKey(tenant, "enabled");
  await open(page, advanced);
  const choice = page.getByRole("combobox", { name: "Master key" });
  await expect(choice).toHaveValue("");
  await choice.selectOption({ label: "Acme’s key" });
  const toasts = page.getByRole("region", { name: "Notifications" });
  await expect(toasts.getByText("The master key was not changed")).toBeVisible();
  await expect(choice).toHaveValue("");
  await database().query(`DELETE FROM master_key WHERE fingerprint = $1`, [fingerprint]);
});

test("an Admin puts a fabric under the team's own master key, while its pipelines read, and not twice at once", {
  tag: "@long",
}, async ({ page, context, canary }) => {
  const team = await createTeam("Acme", teamWithKey);
  const admin = await createPerson({ name: "Ada Admin", in: team, role: "admin" });
  const fabric = await createFabric(team, admin);
  const value = canary.value();
  const secret = { subKind: "text", name: "warehouse", fields: { value } };
  expect(await callAction(await callerOf(admin), "createSecretAction", [fabric.id, secret])).toMatchObject({
    ok: true,
  });
  const pipeline = await startPipeline({ fabric, admin });
  expect((await pipeline.read("warehouse")).value).toBe(value);
  await signIn(context, admin);
  await open(page, `/metadata/fabrics/${fabric.id}/advanced`);
  const choice = page.getByRole("combobox", { name: "Master key" });
  await expect(choice).toHaveValue("");

  await choice.selectOption({ label: "Acme’s own key" });
  const toasts = page.getByRole("region", { name: "Notifications" });
  await expect(toasts.getByText("Master key: Acme’s own key")).toBeVisible();
  const card = page.getByRole("region", { name: "Keys", exact: true });
  const sealing = card.getByRole("row", { name: /Seals new values/ });
  await expect(sealing).toContainText("Acme’s own key");
  await expect(card.getByText("1 of 1 value")).toBeVisible();
  await expect(card.getByRole("row", { name: /Former/ })).toContainText("main");
  expect((await pipeline.read("warehouse")).value).toBe(value);
  await expectAccessibleState(page, "A fabric under its team's master key", ["light", "dark"]);

  const chosen = await choice.inputValue();
  await choice.selectOption({ label: "The master key of this installation" });
  await expect(toasts.getByText("The master key was not changed")).toBeVisible();
  await expect(toasts.getByText(/^A rotation of this fabric’s key has not ended yet/)).toBeVisible();
  await expect(choice).toHaveValue(chosen);
  await open(page, `/metadata/fabrics/${fabric.id}/activity?event=keys`);
  await expect(page.getByText(/Acme’s own key/)).toBeVisible();
});

test("while the service of the primary master key does not answer, fabrics can't be created, and other fabrics work", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const { automateEnv, dir } = stack();
  const { keys } = JSON.parse(await readFile(automateEnv.KMS_CONFIG ?? "", "utf8"));
  const gone = { label: "gone", provider: "transit", key: "selvage" };
  const address = `http://127.0.0.1:${await freePort()}`;
  const keyring = join(dir, "keyring-without-primary.json");
  const config = JSON.stringify({ primary: "gone", keys: [...keys, { ...gone, address }] });
  await writeFile(keyring, config, { mode: 0o600 });
  const automate = await startAutomateCopy("automate-without-primary", [], {
    KMS_CONFIG: keyring,
    VAULT_TOKEN: "t",
  });
  const web = await startWebCopy("web-without-primary", () => ({ AUTOMATE_URL: automate.internalUrl }));
  await signIn(context, tenant.admin, { at: web.url });
  await open(page, `${web.url}/metadata`);
  await page.getByRole("button", { name: "Create fabric" }).click();
  const dialog = page.getByRole("dialog", { name: "Create fabric" });
  await field(dialog, "Name").fill("Tomorrow");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveText(
    /^Fabrics can’t be created right now, because the key service is not available. Nothing was created./,
  );
  await expect(field(dialog, "Name")).toHaveValue("Tomorrow");
  await expectAccessibleState(page, "Fabrics can't be created", ["light", "dark"]);
  const fabrics = `SELECT 1 FROM fabric WHERE "teamId" = $1`;
  expect((await database().query(fabrics, [tenant.team.id])).rowCount).toBe(1);

  const secret = { subKind: "text", name: "warehouse", fields: { value: canary.value() } };
  const caller = await callerOf(tenant.admin);
  expect(await callAction(caller, "createSecretAction", [tenant.fabric.id, secret], web.url)).toMatchObject({
    ok: true,
  });
  const { token } = await startPipeline(tenant);
  expect((await requestSecret(token, "warehouse", automate.url)).status).toBe(200);
  await web.stop();
  await automate.stop();
});
