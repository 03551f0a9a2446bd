import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/fixtures";
import { open, ready } from "@/e2e/open";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createPerson, database, type Person } from "@/testing/tenant";

const password = "correct horse battery staple";
const wrong = "The e-mail or the password is not right.";

async function enter(page: Page, email: string, given: string) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(given);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Whoever waits goes on waiting: two seconds may be over before a busy machine has typed. */
async function holdDelays(): Promise<void> {
  const held = await database().query(
    `UPDATE sign_in_delay SET "nextTryAt" = now() + interval '30 seconds' WHERE "nextTryAt" > "updatedAt"`,
  );
  expect(held.rowCount).toBeGreaterThan(0);
}

function personWith(options: { in?: { id: string; name: string } }): Promise<Person> {
  return createPerson({ name: "Pia Password", password, ...options });
}

test("a person signs in with e-mail and password, lands where they were going, and signs out", async ({
  page,
  context,
  tenant,
}) => {
  const person = await personWith({ in: tenant.team });
  await page.goto(`/metadata/fabrics/${tenant.fabric.id}/secrets`);
  await expect(page).toHaveURL(/\/sign-in\?callbackUrl=/);
  await enter(page, person.email.toUpperCase(), password);
  await expect(page.getByRole("heading", { name: tenant.fabric.name })).toBeVisible();
  expect(new URL(page.url()).pathname).toBe(`/metadata/fabrics/${tenant.fabric.id}/secrets`);

  const cookies = await context.cookies();
  const session = cookies.find(({ name }) => name === "next-auth.session-token");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax" });

  await ready(page);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  // The cookie that somebody kept is worth nothing: the session's row has ended.
  if (session) await context.addCookies([session]);
  await page.goto("/metadata");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("a wrong password and an unknown e-mail get the same answer", async ({ page, tenant }) => {
  const person = await personWith({ in: tenant.team });
  await open(page, "/sign-in");
  await enter(page, person.email, "wrong");
  await expect(page.getByText(wrong)).toBeVisible();
  const answerFor = async (email: string) => {
    const answered = page.waitForResponse((response) => response.url().includes("/callback/password"));
    await enter(page, email, "wrong");
    const response = await answered;
    return { status: response.status(), body: await response.text() };
  };
  const known = await answerFor(person.email);
  expect(await answerFor("nobody@test.example")).toEqual(known);
});

test.describe("wrong tries", () => {
  // One after another: time passes for everybody who waits.
  test.describe.configure({ mode: "default" });

  test("after five wrong tries the next one waits, the right password too, and nobody is locked", async ({
    page,
    tenant,
  }) => {
    const person = await personWith({ in: tenant.team });
    await open(page, "/sign-in");
    for (let i = 0; i < 5; i++) {
      const answered = page.waitForResponse((response) => response.url().includes("/callback/password"));
      await enter(page, person.email, "wrong");
      await answered;
      await expect(page.getByText(wrong)).toBeVisible();
    }
    await holdDelays();
    await enter(page, person.email, password);
    await expect(page.getByRole("alert").filter({ hasText: "Too many tries." })).toContainText(
      /Too many tries\. Try again in \d+ seconds?\./,
    );
    // Time passes.
    await database().query(`UPDATE sign_in_delay SET "nextTryAt" = now() WHERE "nextTryAt" > now()`);
    await enter(page, person.email, password);
    await expect(page).toHaveURL(/\/metadata$/);
  });

  test("an unknown e-mail is delayed as a known one", async ({ page }) => {
    await open(page, "/sign-in");
    const email = `nobody.${Date.now()}@test.example`;
    for (let i = 0; i < 5; i++) {
      const answered = page.waitForResponse((response) => response.url().includes("/callback/password"));
      await enter(page, email, "wrong");
      await answered;
      await expect(page.getByText(wrong)).toBeVisible();
    }
    await holdDelays();
    await enter(page, email, "wrong");
    await expect(page.getByRole("alert").filter({ hasText: "Too many tries." })).toContainText(
      "Too many tries.",
    );
  });
});

test("a person who was removed from the team, or locked, is out at the next request", async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  const secrets = `/metadata/fabrics/${tenant.fabric.id}/secrets`;
  await page.goto(secrets);
  await expect(page.getByRole("heading", { name: tenant.fabric.name })).toBeVisible();

  await database().query(`DELETE FROM membership WHERE "userId" = $1`, [tenant.user.id]);
  const removed = await page.goto(secrets);
  expect(removed?.status()).toBe(404);
  await expect(page.getByText(tenant.fabric.name)).toHaveCount(0);

  await database().query(`UPDATE app_user SET "lockedAt" = now() WHERE id = $1`, [tenant.user.id]);
  await page.goto("/metadata");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("the sign-in page leads nowhere else", async ({ page, tenant }) => {
  const person = await personWith({ in: tenant.team });
  await page.goto(`/sign-in?callbackUrl=${encodeURIComponent("https://elsewhere.example/steal")}`);
  await enter(page, person.email, password);
  await expect(page).toHaveURL(`${stack().webUrl}/metadata`);
});
