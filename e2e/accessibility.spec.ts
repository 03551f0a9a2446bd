import type { Page } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, violations } from "@/e2e/axe";
import { connectionsPath, fillConnection, openNewSecret, openPicker } from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { openDialog, secretsPath } from "@/e2e/secrets-screen";
import {
  addAccessToken,
  addConnection,
  addEntryLink,
  addIssuer,
  addRequest,
  addSecret,
  addTrashedSecret,
} from "@/testing/factories";
import { signIn } from "@/testing/sign-in";
import { createTenant, createToken, insert, type Tenant } from "@/testing/tenant";

type Screen = {
  name: string;
  path: (tenant: Tenant, objects: FabricObjects) => string;
  show?: (page: Page) => Promise<unknown>;
};
type FabricObjects = { secretId: string; connectionId: string; pipelineId: string };

const fabric = ({ fabric: { id } }: Tenant) => `/metadata/fabrics/${id}`;
const secret = (tenant: Tenant, { secretId }: FabricObjects) => `${secretsPath(tenant.fabric)}/${secretId}`;
const click = (name: string) => (page: Page) =>
  page.getByRole("button", { name, exact: true }).first().click();

/** Every screen, and every dialog and picker that opens on one. */
const screens: Screen[] = [
  { name: "Metadata", path: () => "/metadata" },
  { name: "Create fabric", path: () => "/metadata", show: click("Create fabric") },
  {
    name: "Account menu",
    path: () => "/metadata",
    show: (page) => page.getByRole("button", { name: /^Account/ }).click(),
  },
  { name: "Access tokens", path: () => "/settings/access-tokens" },
  { name: "Reminders", path: () => "/settings/reminders" },
  { name: "Account activity", path: () => "/settings/activity" },
  { name: "Create token", path: () => "/settings/access-tokens", show: click("Create token") },
  {
    name: "API reference",
    path: () => "/settings/api",
    show: (page) => page.locator("#createSecret summary").click(),
  },
  { name: "Teams", path: () => "/metadata/teams" },
  { name: "Team", path: ({ team }) => `/metadata/teams/${team.id}` },
  {
    name: "Add Member",
    path: ({ team }) => `/metadata/teams/${team.id}`,
    show: (page) => page.getByRole("button", { name: /^Add member/i }).click(),
  },
  { name: "Member", path: ({ team, user }) => `/metadata/teams/${team.id}/members/${user.id}` },
  { name: "Basic info", path: fabric },
  {
    name: "Edit fabric",
    path: fabric,
    show: (page) => page.getByRole("button", { name: /^Edit/ }).first().click(),
  },
  { name: "Activity", path: (tenant) => `${fabric(tenant)}/activity` },
  {
    name: "Activity, export and other days",
    path: (tenant) => `${fabric(tenant)}/activity?from=2026-03-02&search=s`,
    show: click("Export"),
  },
  {
    name: "Who could use a secret",
    path: (tenant, { secretId }) => `${fabric(tenant)}/activity/secrets/${secretId}`,
  },
  { name: "Advanced", path: (tenant) => `${fabric(tenant)}/advanced` },
  {
    name: "Create Token",
    path: (tenant) => `${fabric(tenant)}/advanced`,
    show: (page) => page.getByRole("button", { name: /token/i }).first().click(),
  },
  {
    name: "Delete fabric",
    path: (tenant) => `${fabric(tenant)}/advanced`,
    show: click("Delete fabric"),
  },
  {
    name: "Add trusted issuer",
    path: (tenant) => `${fabric(tenant)}/advanced`,
    show: click("Add trusted issuer"),
  },
  { name: "Secrets", path: (tenant) => secretsPath(tenant.fabric) },
  { name: "Secrets, none match", path: (tenant) => `${secretsPath(tenant.fabric)}?search=zzz` },
  {
    name: "Compare fabrics",
    path: (tenant) => `${secretsPath(tenant.fabric)}/compare`,
    show: async (page) => {
      await page.getByLabel("Names").selectOption("A list of names");
      await page.getByRole("textbox", { name: "List" }).fill("ABSENT");
      await click("Compare")(page);
      await expect(page.getByText("1 of 1 name differs")).toBeVisible();
    },
  },
  { name: "Import", path: (tenant) => `${secretsPath(tenant.fabric)}/import` },
  {
    name: "Rows to import",
    path: (tenant) => `${secretsPath(tenant.fabric)}/import`,
    show: async (page) => {
      await page.getByRole("textbox", { name: "Text" }).fill("A=1\nNOT A LINE\nA=2");
      await click("Read text")(page);
      await expect(page.getByRole("textbox", { name: "Name of A" })).toBeVisible();
    },
  },
  ...["Text", "Binary", "Username & Password", "M2M OAuth"].map((type) => ({
    name: `Add Secret, ${type}`,
    path: (tenant: Tenant) => secretsPath(tenant.fabric),
    show: async (page: Page) => {
      await click("Add Secret")(page);
      await page
        .locator("label")
        .filter({ has: page.getByRole("radio", { name: type, exact: true }) })
        .click();
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await expect(page.getByText(/is empty\.|Choose a file\./).first()).toBeVisible();
    },
  })),
  {
    name: "Pipeline",
    path: (tenant, { pipelineId }) => `${fabric(tenant)}/pipelines/${pipelineId}`,
  },
  { name: "A secret", path: secret },
  { name: "Replace value", path: secret, show: (page) => openDialog(page, "Replace value") },
  { name: "Rename secret", path: secret, show: (page) => openDialog(page, "Rename", "Rename secret") },
  { name: "Edit description", path: secret, show: (page) => openDialog(page, "Edit description") },
  {
    name: "Delete secret",
    path: secret,
    show: (page) => page.getByRole("button", { name: "Delete", exact: true }).click(),
  },
  { name: "Entry links", path: (tenant) => `${secretsPath(tenant.fabric)}/entry-links` },
  {
    name: "Ask for a value",
    path: (tenant) => `${secretsPath(tenant.fabric)}/entry-links`,
    show: click("Ask for a value"),
  },
  { name: "Trash", path: (tenant) => `${fabric(tenant)}/trash` },
  { name: "Connections", path: (tenant) => connectionsPath(tenant.fabric) },
  { name: "Promote", path: (tenant) => `${connectionsPath(tenant.fabric)}/promote` },
  { name: "Gallery of kinds", path: (tenant) => `${connectionsPath(tenant.fabric)}/new` },
  ...["postgres", "sftp", "restapi"].map((kind) => ({
    name: `Add connection, ${kind}`,
    path: (tenant: Tenant) => `${connectionsPath(tenant.fabric)}/new?kind=${kind}`,
    show: (page: Page) =>
      page.getByRole("region", { name: "Check" }).getByRole("button", { name: "Check" }).click(),
  })),
  {
    name: "Secret picker",
    path: (tenant) => `${connectionsPath(tenant.fabric)}/new?kind=postgres`,
    show: async (page) =>
      expect((await openPicker(page, "Password")).getByRole("option").first()).toBeVisible(),
  },
  {
    name: "Secret picker, none of this type",
    path: (tenant) => `${connectionsPath(tenant.fabric)}/new?kind=restapi`,
    show: async (page) => {
      await fillConnection(page, { "Authentication method": "Basic" });
      await expect(
        (await openPicker(page, "Username & password")).getByText(/This fabric has no/),
      ).toBeVisible();
    },
  },
  {
    name: "New Secret in a picker",
    path: (tenant) => `${connectionsPath(tenant.fabric)}/new?kind=postgres`,
    show: async (page) => {
      await openNewSecret(page, "Password");
    },
  },
  {
    name: "A connection",
    path: (tenant, { connectionId }) => `${connectionsPath(tenant.fabric)}/${connectionId}`,
  },
  { name: "Nothing here", path: () => "/nothing/here" },
  { name: "A fabric that is not there", path: () => "/metadata/fabrics/gone" },
];

/** The screens whose parts most others are made of. `npm run test:long` checks all. */
const first = ["Secrets", "A secret", "Add Secret, Text", "Add connection, postgres", "Secret picker"];

let made: Promise<{ tenant: Tenant; objects: FabricObjects }> | undefined;

/** Reads of the secret by the pipeline, at its first version, by its name and through the connection. */
async function addReads({ fabric: { id: fabricId } }: Tenant, objects: FabricObjects): Promise<void> {
  const { secretId, connectionId, pipelineId } = objects;
  await insert("connection_secret", { connectionId, field: "password", secretId, fabricId });
  const reader = { secretId, readerId: pipelineId, readerName: "nightly", fabricId, lastVersion: 1 };
  const read = { ...reader, reads: 3, firstReadAt: new Date(Date.now() - 9_000_000), lastReadAt: new Date() };
  await insert("secret_reader", { ...read, connection: "", name: "former" });
  await insert("secret_reader", { ...read, connection: "Orders", name: "", connectionId });
  await insert("secret_read_day", { secretId, day: new Date(), reads: 6 });
}

/** The rows that the screens show. No test here changes it, so the tests of one worker share it. */
function shown() {
  made ??= (async () => {
    const tenant = await createTenant();
    const objects = {
      secretId: await addSecret(tenant),
      connectionId: await addConnection(tenant),
      pipelineId: (await createToken(tenant)).id,
    };
    await addReads(tenant, objects);
    await addIssuer(tenant);
    await addAccessToken(tenant);
    await addRequest(tenant);
    await addTrashedSecret(tenant);
    await addEntryLink(tenant);
    return { tenant, objects };
  })();
  return made;
}

for (const { name, path, show } of screens.filter(
  (one) => process.env.RUN_LONG || first.includes(one.name),
)) {
  test(`${name} has no accessibility violation in either theme, and fits a phone`, async ({
    page,
    context,
  }) => {
    const { tenant, objects } = await shown();
    await signIn(context, tenant.admin);
    await open(page, path(tenant, objects));
    await show?.(page);
    await expectGoodLooks(page, name);
  });
}

for (const path of ["/sign-in", ...(process.env.RUN_LONG ? ["/enter", `/join/${"A".repeat(43)}`] : [])]) {
  test(`${path.slice(0, 8)} has no accessibility violation in either theme, and fits a phone`, async ({
    page,
  }) => {
    await open(page, path);
    await expectGoodLooks(page, path);
  });
}

test("the check finds a broken screen", async ({ page }) => {
  await open(page, "/sign-in");
  await page.evaluate(() => {
    const banner = document.createElement("div");
    banner.style.width = "3000px";
    banner.append(document.createElement("img"), "too wide");
    document.body.append(banner);
  });
  expect((await violations(page)).join()).toContain("image-alt");
  await expect(expectNoSidewaysScroll(page, "this")).rejects.toThrow("px that this is too wide");
});

async function expectGoodLooks(page: Page, name: string) {
  await expectAccessible(page, name, ["light", "dark"]);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page, name);
  // This is the same page, narrower; `npm run test:long` checks violations that depend on the width alone.
  if (process.env.RUN_LONG) await expectAccessible(page, `${name} on a phone`, ["dark"]);
}
