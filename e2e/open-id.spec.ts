import { createHash, randomBytes } from "node:crypto";
import type { Page } from "@playwright/test";
import { v7 as uuidv7 } from "uuid";
import { expectAccessibleState } from "@/e2e/axe";
import { test as base, expect } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { type OpenIdServer, startOpenIdServer } from "@/e2e/open-id-provider";
import { type ProgramCopy, startWebCopy } from "@/e2e/program-copy";
import { callerOf, createAccessToken } from "@/testing/server-actions";
import { createPerson, createTeam, database, insert, type Person, type Tenant } from "@/testing/tenant";

type WithOpenId = { web: ProgramCopy; provider: OpenIdServer };

/** A copy of web that trusts a real provider on loopback. */
const test = base.extend<object, { openId: WithOpenId }>({
  openId: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names out of the pattern
    async ({}, use) => {
      const secret = randomBytes(24).toString("base64url");
      let provider: OpenIdServer | undefined;
      const web = await startWebCopy("web-with-openid", async (url) => {
        provider = await startOpenIdServer({
          id: "selvage",
          secret,
          redirectUris: [`${url}/api/auth/callback/oidc`],
        });
        return {
          OIDC_ISSUER: provider.issuer,
          OIDC_CLIENT_ID: "selvage",
          OIDC_CLIENT_SECRET: secret,
          OIDC_NAME: "Loopback ID",
        };
      });
      if (!provider) throw new Error("There is no provider.");
      await use({ web, provider });
      await web.stop();
      await provider.close();
    },
    { scope: "worker" },
  ],
});

// One provider and one copy of web serve all tests of this file.
test.describe.configure({ mode: "default" });

function address(): string {
  return `olga.${randomBytes(4).toString("hex")}@test.example`;
}

/** Signs in at the provider, on the provider's own pages. */
async function signInAtProvider(page: Page, { web }: WithOpenId, email: string) {
  await open(page, `${web.url}/sign-in`);
  await page.getByRole("button", { name: "Continue with Loopback ID" }).click();
  await page.getByPlaceholder("Enter any login").fill(email);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

async function invite(tenant: Tenant, email: string) {
  await insert("invitation", {
    id: uuidv7(),
    teamId: tenant.team.id,
    email,
    emailKey: email,
    role: "user",
    tokenHash: createHash("sha256").update(randomBytes(32)).digest("base64url"),
    createdById: tenant.admin.id,
    createdByName: tenant.admin.name,
    expiresAt: new Date(Date.now() + 86_400_000),
  });
}

async function identitiesOf(email: string) {
  const { rows } = await database().query<{ issuer: string; subject: string; userId: string }>(
    `SELECT issuer, subject, "userId" FROM identity WHERE subject = $1`,
    [email],
  );
  return rows;
}

test("web refuses an unknown OpenID identity, and creates no person", async ({ page, openId }) => {
  const email = address();
  await signInAtProvider(page, openId, email);
  await expect(page.getByText("This account has no access to Selvage.")).toBeVisible();
  expect(await identitiesOf(email)).toEqual([]);
  const people = await database().query("SELECT 1 FROM app_user WHERE email = $1", [email]);
  expect(people.rowCount).toBe(0);
});

test("a person whose verified e-mail was invited signs in, and again without an invitation", async ({
  page,
  context,
  openId,
  tenant,
}) => {
  const email = address();
  await invite(tenant, email);
  await signInAtProvider(page, openId, email);
  await expect(page).toHaveURL(`${openId.web.url}/metadata`);
  await expect(page.getByRole("link", { name: tenant.fabric.name, exact: true })).toBeVisible();
  expect(await identitiesOf(email)).toMatchObject([{ issuer: openId.provider.issuer, subject: email }]);

  await context.clearCookies();
  await signInAtProvider(page, openId, email);
  await expect(page.getByRole("link", { name: tenant.fabric.name, exact: true })).toBeVisible();
});

test("a person whose invited e-mail the provider has not verified cannot sign in", { tag: "@long" }, async ({
  page,
  openId,
  tenant,
}) => {
  const email = `unverified.${address()}`;
  await invite(tenant, email);
  await signInAtProvider(page, openId, email);
  await expect(page.getByText("This account has no access to Selvage.")).toBeVisible();
  expect(await identitiesOf(email)).toEqual([]);
});

test("the e-mail of an existing person alone proves nothing", async ({ page, openId, tenant }) => {
  const existing: Person = await createPerson({ name: "Kim Known", in: tenant.team, email: address() });
  await signInAtProvider(page, openId, existing.email);
  await expect(page.getByText("This account has no access to Selvage.")).toBeVisible();
  expect(await identitiesOf(existing.email)).toEqual([]);
});

test("a person who opened the account before its owner loses access, and the owner keeps what they confirm", {
  tag: "@long",
}, async ({ page, context, openId, tenant }) => {
  const squatted = await createTeam("Squatted");
  const owner = await createPerson({
    name: "Olga Owner",
    in: squatted,
    role: "admin",
    email: address(),
    password: "correct horse battery",
  });
  const token = await createAccessToken(await callerOf(owner), "svu");
  await invite(tenant, owner.email);
  const call = () =>
    fetch(`${openId.web.url}/api/orchestration/fabric`, { headers: { "x-auth-token": token } });
  expect((await call()).status).toBe(200);

  await signInAtProvider(page, openId, owner.email);
  await expect(page.getByRole("heading", { name: "Review your account" })).toBeVisible();
  expect((await call()).status).toBe(401);
  await expectAccessibleState(page, "Review your account", ["light", "dark"]);
  // Until the review no other page of the app opens.
  await page.goto(`${openId.web.url}/metadata/teams`);
  await expect(page).toHaveURL(/\/account-review$/);
  await expect(page.getByRole("checkbox", { name: squatted.name })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "Keep the password" })).not.toBeChecked();
  await expect(page.getByRole("checkbox", { name: "svu" })).not.toBeChecked();
  await page.getByRole("checkbox", { name: squatted.name }).uncheck();
  await page.getByRole("button", { name: "Keep selected and continue" }).click();

  await expect(page.getByRole("link", { name: tenant.fabric.name, exact: true })).toBeVisible();
  await page.goto(`${openId.web.url}/metadata/teams`);
  await expect(page.getByRole("link", { name: tenant.team.name, exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: squatted.name, exact: true })).toHaveCount(0);
  expect((await call()).status).toBe(401);
  await page.goto(`${openId.web.url}/settings/activity`);
  await expect(page.getByText("reviewed their own account")).toBeVisible();
  await context.clearCookies();
});

test("a locked person cannot sign in by OpenID", { tag: "@long" }, async ({
  page,
  context,
  openId,
  tenant,
}) => {
  const email = address();
  await invite(tenant, email);
  await signInAtProvider(page, openId, email);
  await expect(page).toHaveURL(`${openId.web.url}/metadata`);
  await database().query(`UPDATE app_user SET "lockedAt" = now() WHERE email = $1`, [email]);
  await page.goto(`${openId.web.url}/metadata`);
  await expect(page).toHaveURL(/\/sign-in/);
  await context.clearCookies();
  await signInAtProvider(page, openId, email);
  await expect(page.getByText("This account has no access to Selvage.")).toBeVisible();
});

test("without a provider the sign-in page shows no OpenID button", async ({ page }) => {
  await open(page, "/sign-in");
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("button", { name: /Continue with/ })).toHaveCount(0);
});
