import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database, type Tenant } from "@/testing/tenant";

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

test("members see on every page of a fabric that its master key is not usable", async ({
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

test("an Admin may choose among the team's own master keys, and nothing changes when automate has no such key", async ({
  page,
  context,
  tenant,
}) => {
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
