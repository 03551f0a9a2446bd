import { readFile } from "node:fs/promises";
import { expectAccessibleState } from "@/e2e/axe";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { startPipeline } from "@/e2e/pipeline";
import { addSecret } from "@/testing/factories";
import { callerOf, createAccessToken } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { database } from "@/testing/tenant";

test("a person finds out who could use a secret, who did, and downloads the events", async ({
  page,
  context,
  tenant,
}) => {
  const secretId = await addSecret(tenant, "warehouse_login");
  await addSecret(tenant);
  const pipeline = await startPipeline(tenant, "nightly load");
  await startPipeline(tenant, "never runs");
  await pipeline.read("warehouse_login");
  await pipeline.read("warehouse_login");
  await signIn(context, tenant.user);
  const activity = `/metadata/fabrics/${tenant.fabric.id}/activity`;
  await open(page, activity);
  const events = page.getByRole("list", { name: "Events, newest first" }).getByRole("listitem");
  await expect(events.first()).toBeVisible();

  // By a former name, to the one secret.
  await page.getByRole("searchbox", { name: "Search by name" }).fill("warehouse");
  const match = page.getByRole("link", { name: "warehouse_login" });
  await expect(match.first()).toBeVisible();
  await page.getByText("Only secret", { exact: false }).getByRole("link").first().click();
  await expect(page.getByRole("button", { name: /^Remove filter: Only secret/ })).toBeVisible();
  await expect(events).toHaveCount(4);
  await page.getByRole("combobox", { name: "Kind of event" }).selectOption("Used");
  await expect(events).toHaveCount(2);
  await page.getByRole("combobox", { name: "Who" }).selectOption({ label: "never runs" });
  await expect(page.getByText("No matching events")).toBeVisible();
  await page.getByRole("combobox", { name: "Who" }).selectOption({ label: "nightly load" });
  await expect(events).toHaveCount(2);
  await page.getByRole("combobox", { name: "When" }).selectOption("Last 7 days");
  await expect(page).toHaveURL(/from=\d{4}-/);
  await expect(events).toHaveCount(2);

  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "NDJSON" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^activity-\d{4}-\d\d-\d\d\.ndjson$/);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "secret.use", actor: { name: "nightly load" }, object: { id: secretId } },
    { event: "secret.use", object: { id: secretId } },
  ]);

  await page.getByRole("link", { name: "Who could use it?" }).click();
  await expect(page.getByRole("heading", { name: /^Who could use s.*, and who did$/ })).toBeVisible();
  const pipelines = page.getByRole("table", { name: "Pipelines that could read it" });
  await expect(pipelines.getByRole("row", { name: /nightly load/ })).toContainText("2 times, last on");
  await expect(pipelines.getByRole("row", { name: /never runs/ })).toContainText("No");
  const people = page.getByRole("table", { name: "People who could replace it or check with it" });
  await expect(people.getByRole("row", { name: new RegExp(tenant.admin.name) })).toContainText("Admin");
  await pipelines.getByRole("link", { name: /^2 times/ }).click();
  await expect(events).toHaveCount(2);

  // Nobody had access before the team had a fabric.
  await open(page, `${activity}/secrets/${secretId}?from=2020-01-01&to=2020-01-31`);
  await expect(page.getByText("No pipeline could read it in this period.")).toBeVisible();
});

test("a person limits Activity to what one access token did, and sees whose it is", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await addSecret(tenant);
  const token = await createAccessToken(await callerOf(tenant.user), "nightly script");
  const url = `${stack().webUrl}/api/orchestration/fabric/${tenant.fabric.id}/secret`;
  const secret = { kind: "prophecy", subKind: "text", properties: { name: "by_script", value: "v" } };
  const headers = { "x-auth-token": token, "content-type": "application/json" };
  const made = await fetch(url, { method: "POST", headers, body: JSON.stringify(secret) });
  expect(made.status).toBe(200);
  await signIn(context, tenant.admin);
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  const events = page.getByRole("list", { name: "Events, newest first" }).getByRole("listitem");
  await expect(events.first()).toContainText("by the access token “nightly script”");
  await events
    .first()
    .getByRole("link", { name: /^Only this token/ })
    .click();
  await expect(events).toHaveCount(1);
  const who = page.getByRole("combobox", { name: "Who" });
  await expect(who.locator("option:checked")).toHaveText(`nightly script, of ${tenant.user.name}`);
  await expectAccessibleState(page, "Activity of an access token", ["light", "dark"]);
});

test("a team's page shows that a fabric was destroyed, and a cut log says until when", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  await signIn(context, tenant.admin);
  const write = (fabricId: string | null, action: string, kind: string, id: string, details: object) =>
    database().query(
      `INSERT INTO audit_event (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
       VALUES (uuid_in(overlay(overlay(md5(random()::text) placing lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') from 1 for 12) placing '7' from 13 for 1)::cstring)::text,
         $1, $2, 'system', 'automate', 'Automate', $3, $4, $5, 'staging', $6)`,
      [fabricId && tenant.team.id, fabricId, action, kind, id, JSON.stringify(details)],
    );
  await write("gone", "fabric.destroy", "fabric", "gone", {});
  await open(page, `/metadata/teams/${tenant.team.id}`);
  await expect(page.getByRole("listitem").filter({ hasText: "destroyed fabric staging" })).toBeVisible();

  await write(null, "activity.remove", "activity", "activity", { count: 1, to: "2020-03-01T00:00:00Z" });
  await open(page, `/metadata/fabrics/${tenant.fabric.id}/activity`);
  await expect(page.getByText("Events until 1 March 2020 were removed")).toBeVisible();
});
