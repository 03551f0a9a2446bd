import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine } from "@/e2e/command-line";
import { connectionsPath } from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { secretsPath } from "@/e2e/secrets-screen";
import { findLeaks } from "@/testing/canary";
import { callAction, callerOf, createAccessToken } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createFabric, createToken, database, type Fabric, type Tenant } from "@/testing/tenant";

const postgres = (name: string, password: string) => ({
  kind: "postgres",
  name,
  properties: { server: "db.dev.example.com", database: "orders", username: "app" },
  secretNames: { password },
});

async function fill(
  { user }: Tenant,
  fabric: Fabric,
  secrets: Record<string, string>,
  connections: unknown[] = [],
) {
  const rows = Object.entries(secrets).map(([name, value]) => ({ subKind: "text", name, fields: { value } }));
  const done = await callAction(await callerOf(user), "importAction", [
    fabric.id,
    { secrets: rows, connections },
  ]);
  expect(done.ok).toBe(true);
}

test("an Admin takes a connection from dev to prod with a copied value, which prod’s pipelines read", async ({
  page,
  context,
  tenant,
  canary,
}) => {
  const prod = await createFabric(tenant.team, tenant.admin, "prod");
  const value = canary.value();
  await fill(tenant, tenant.fabric, { orders_password: value }, [postgres("Orders", "orders_password")]);
  await signIn(context, tenant.admin);
  await open(page, connectionsPath(tenant.fabric));
  await page.getByRole("link", { name: "Promote" }).click();
  await page.getByLabel("To fabric").selectOption({ label: `${prod.name} (${tenant.team.name})` });
  await page.getByRole("checkbox", { name: "Orders" }).check();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("Points to db.dev.example.com:5432.")).toBeVisible();
  // Nothing is copied unless the person chooses it.
  await page.getByRole("button", { name: "Promote the connection" }).click();
  await expect(page.getByText("Choose a secret to use there.")).toBeVisible();
  await page.getByRole("radio", { name: "Copy the value" }).check();
  await page.getByRole("button", { name: "Promote the connection" }).click();
  await expect(page.getByText(`“Orders” is in ${prod.name}`)).toBeVisible();
  await page.getByRole("link", { name: "Open the connection" }).click();
  await expect(page.getByRole("heading", { name: "Orders" })).toBeVisible();

  const { token } = await createToken({ fabric: prod, admin: tenant.admin });
  const answer = await fetch(`${stack().automateUrl}/v1/secrets/orders_password`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.text()).toContain(value);
  const { rows } = await database().query(`SELECT 1 FROM allowed_destination WHERE "fabricId" = $1`, [
    prod.id,
  ]);
  expect(rows).toEqual([]);
  for (const [fabric, sentence] of [
    [tenant.fabric, `copied the value of secret orders_password`],
    [prod, `stored a copy as secret orders_password`],
  ] as const) {
    await open(page, `/metadata/fabrics/${fabric.id}/activity`);
    await expect(page.getByText(sentence)).toBeVisible();
  }
});

test("a person sees which names another fabric lacks; a script stops at the same, downloads names and events, and promotes by names", {
  tag: "@long",
}, async ({ page, context, tenant, canary }) => {
  const prod = await createFabric(tenant.team, tenant.admin, "prod");
  const secrets = { orders_password: canary.value(), api_key: canary.value() };
  await fill(tenant, tenant.fabric, secrets, [postgres("Orders", "orders_password")]);
  await fill(tenant, prod, { orders_password: canary.value() });
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  await page.getByRole("button", { name: "More" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export names as CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8");
  expect(csv).toMatch(/^name,type,/);
  expect(csv).toContain("orders_password,text,,1,Orders,1,");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Compare with other fabrics" }).click();
  await page.getByRole("checkbox", { name: prod.name }).check();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByText("2 of 3 names differ")).toBeVisible();
  const rows = page.getByRole("table", { name: "Differences" }).getByRole("row");
  await expect(rows.filter({ hasText: "api_key" })).toContainText("Missing in secrets");
  await expect(rows.filter({ hasText: "Orders" })).toContainText("Missing in connections");

  const home = mkdtempSync(join(tmpdir(), "selvage-compare-"));
  try {
    const selvage = commandLine(home, {
      SELVAGE_URL: stack().webUrl,
      SELVAGE_TOKEN: await createAccessToken(await callerOf(tenant.user)),
    });
    const inFabric = ["--fabric", tenant.fabric.id];
    const compared = await selvage(["secrets", "compare", ...inFabric, "--with", prod.id]);
    expect(compared.code).toBe(1);
    expect(compared.stdout).toMatch(/secret +api_key +text +missing/);
    const listed = await selvage(["secrets", "compare", "orders_password", ...inFabric, "--with", prod.id]);
    expect([listed.code, listed.stdout]).toEqual([0, "The name is there, with the same type.\n"]);
    const exported = await selvage(["secrets", "export", ...inFabric]);
    expect(JSON.parse(exported.stdout)).toMatchObject({
      secrets: [{ name: "api_key" }, { name: "orders_password", connections: ["Orders"] }],
      connections: [{ name: "Orders", secretNames: { password: "orders_password" } }],
    });

    const promote = ["connections", "promote", "Orders", "--from", tenant.fabric.id, "--fabric", prod.id];
    const missing = await selvage([...promote, "--secret", "orders_password=nothing", "--dry-run"]);
    expect([missing.code, missing.stdout]).toEqual([
      1,
      expect.stringMatching(/secret +orders_password +missing\n.*no secret “nothing”/s),
    ]);
    const renamed = await selvage([...promote, "--as", "Orders=Orders EU"]);
    expect([renamed.code, renamed.stdout]).toEqual([0, "Promoted Orders EU.\n"]);
    const again = await selvage([...promote, "--as", "Orders=Orders EU"]);
    expect([again.code, again.stderr]).toEqual([expect.any(Number), expect.stringContaining("is taken")]);
    expect(again.code).not.toBe(0);
    const events = await selvage([
      "activity",
      "export",
      ...inFabric,
      "--format",
      "ndjson",
      "--event",
      "changed",
    ]);
    expect(
      events.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))[0],
    ).toMatchObject({
      event: "connection.promote",
      object: { name: "Orders" },
      details: { accessToken: "scripts" },
    });
    expect(findLeaks("files", csv + exported.stdout + events.stdout, canary.mark)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
