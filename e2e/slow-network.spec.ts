import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { secretsPath } from "@/e2e/secrets-screen";
import { signIn } from "@/testing/sign-in";

test("a link shows at once that its page is on the way, and nothing moves", async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  let answer = () => {};
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(/_rsc=/, async (route) => {
    await isAnswered;
    await route.continue().catch(() => {});
  });
  const bar = page.locator("[data-navigation]");
  await expect(bar).toHaveCount(0);
  const heading = page.getByRole("heading", { level: 1 });
  const before = await heading.boundingBox();
  await page.getByRole("navigation", { name: "Fabric" }).getByRole("link", { name: "Advanced" }).click();
  await expect(bar).toBeVisible();
  expect(await heading.boundingBox()).toEqual(before);
  answer();
  await expect(page).toHaveURL(/advanced$/);
  await expect(bar).toHaveCount(0);
});
