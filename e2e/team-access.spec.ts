import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { addAccessToken } from "@/testing/factories";
import { callAction, callerOf } from "@/testing/server-actions";
import { signIn } from "@/testing/sign-in";
import { createToken, database, insert } from "@/testing/tenant";

test("an Admin sees every token of the team and revokes one by keyboard, and its owner learns of it", async ({
  page,
  context,
  tenant,
}) => {
  await addAccessToken(tenant, { name: "Nightly script" });
  await createToken(tenant, { name: "etl" });
  await createToken({ fabric: tenant.fabric, admin: tenant.admin }, { name: "by who was demoted" });
  await database().query(
    `UPDATE pipeline_token SET "createdById" = $1, "createdByName" = 'Uri User' WHERE name = $2`,
    [tenant.user.id, "by who was demoted"],
  );
  await insert("trusted_issuer", {
    id: uuidv7(),
    fabricId: tenant.fabric.id,
    name: "Cluster",
    issuer: "https://id.test.example",
    audience: `selvage:${tenant.fabric.id}`,
    subject: "repo:ours/etl",
    createdById: uuidv7(),
    createdByName: "Lea Left",
  });
  const path = `/metadata/teams/${tenant.team.id}`;
  await signIn(context, tenant.user);
  await open(page, path);
  await expect(page.getByRole("heading", { name: "Access" })).toHaveCount(0);

  await context.clearCookies();
  await signIn(context, tenant.admin);
  await open(page, path);
  const pipelines = page.getByRole("table", { name: "Pipeline tokens of the team" }).getByRole("row");
  await expect(pipelines.nth(1)).toContainText("No longer Admin");
  await expect(pipelines.nth(2)).toContainText("etl");
  const issuer = page.getByRole("table", { name: "Trusted issuers of the team" }).getByRole("row").nth(1);
  await expect(issuer).toContainText("Lea Left Left the team");
  await expect(issuer.getByRole("button", { name: "Remove" })).toBeVisible();
  const token = page.getByRole("row").filter({ hasText: "Nightly script" });
  await expect(token).toContainText("Uri User User");

  await token.getByRole("button", { name: "Revoke" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("alertdialog", { name: "Revoke “Nightly script” of Uri User?" });
  await dialog.getByRole("button", { name: "Revoke" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("No member has an access token.")).toBeVisible();
  await expect(page.getByText("revoked access token Nightly script")).toBeVisible();

  await context.clearCookies();
  await signIn(context, tenant.user);
  await open(page, "/settings/access-tokens");
  await expect(page.getByRole("row").filter({ hasText: "Nightly script" })).toContainText(
    /Revoked .* by Ada Admin/,
  );
});

test("the Admins see the refused actions of a member, and a person sees their own refused sign-in", {
  tag: "@long",
}, async ({ page, context, tenant }) => {
  const caller = await callerOf(tenant.user);
  const refused = await callAction(caller, "removeMemberAction", [
    tenant.team.id,
    { userId: tenant.admin.id },
  ]);
  expect(refused).toMatchObject({ ok: false, code: "forbidden" });
  await open(page, "/sign-in");
  await page.getByLabel("E-mail").fill(tenant.user.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Wrong e-mail or password.")).toBeVisible();

  await signIn(context, tenant.admin);
  // Web records refusals a moment after its answers.
  const recordedRefusals = async () => {
    const { rows } = await database().query<{ action: string }>(
      `SELECT action FROM audit_event WHERE "objectId" = ANY ($1) AND action LIKE '%.refuse' ORDER BY action`,
      [[tenant.team.id, tenant.user.id]],
    );
    return rows.map(({ action }) => action);
  };
  await expect.poll(recordedRefusals).toEqual(["act.refuse", "session.refuse"]);
  await open(page, `/metadata/teams/${tenant.team.id}`);
  const events = page.getByRole("list", { name: "Events, newest first" });
  await expect(events).toContainText("refused a sign-in of Uri User");
  await expect(events).toContainText("was refused an action in team");
  await context.clearCookies();
  await signIn(context, tenant.user);
  await open(page, "/settings/activity");
  await expect(page.getByText("refused a sign-in of Uri User")).toBeVisible();
  await expect(page.getByText("Wrong password")).toBeVisible();
});
