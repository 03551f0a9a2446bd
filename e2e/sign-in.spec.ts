import type { Page } from "@playwright/test";
import { expect, test } from "@/e2e/fixtures";
import { open, ready } from "@/e2e/open";
import { signIn } from "@/testing/sign-in";
import { stack } from "@/testing/stack-address";
import { createPerson, database, type Person } from "@/testing/tenant";

const password = "correct horse battery staple";
const wrong = "Wrong e-mail or password.";

async function enter(page: Page, email: string, password: string) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Extends the delay: on a busy machine two seconds may pass before the test has typed. */
async function holdDelays(): Promise<void> {
  const held = await database().query(
    `UPDATE sign_in_delay SET "nextTryAt" = now() + interval '30 seconds' WHERE "nextTryAt" > "updatedAt"`,
  );
  expect(held.rowCount).toBeGreaterThan(0);
}

function personWith(options: { in?: { id: string; name: string } }): Promise<Person> {
  return createPerson({ name: "Pia Password", password, ...options });
}

test("a person signs in with e-mail and password, reaches the requested page, and signs out", async ({
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
  // A copied cookie is worthless after sign-out, because the session's row has ended.
  if (session) await context.addCookies([session]);
  await page.goto("/metadata");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("a wrong password and an unknown e-mail get the same answer", { tag: "@long" }, async ({
  page,
  tenant,
}) => {
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
  const existing = await answerFor(person.email);
  expect(await answerFor("nobody@test.example")).toEqual(existing);
});

test.describe("wrong attempts", () => {
  // One after another, because the tests move time forward for every delayed account.
  test.describe.configure({ mode: "default" });

  test("after five wrong attempts the next one waits, even with the right password, and web locks nobody", {
    tag: "@long",
  }, async ({ page, tenant }) => {
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
    await expect(page.getByRole("alert").filter({ hasText: "Too many attempts." })).toContainText(
      /Too many attempts\. Try again in \d+ seconds?\./,
    );
    // Moves time forward.
    await database().query(`UPDATE sign_in_delay SET "nextTryAt" = now() WHERE "nextTryAt" > now()`);
    await enter(page, person.email, password);
    await expect(page).toHaveURL(/\/metadata$/);
  });

  test("web delays an unknown e-mail like a known one", { tag: "@long" }, async ({ page }) => {
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
    await expect(page.getByRole("alert").filter({ hasText: "Too many attempts." })).toContainText(
      "Too many attempts.",
    );
  });
});

test("a person who is removed from the team or locked loses access at the next request", async ({
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

test("the sign-in page redirects to no other site", async ({ page, tenant }) => {
  const person = await personWith({ in: tenant.team });
  await page.goto(`/sign-in?callbackUrl=${encodeURIComponent("https://elsewhere.example/steal")}`);
  await enter(page, person.email, password);
  await expect(page).toHaveURL(`${stack().webUrl}/metadata`);
});
