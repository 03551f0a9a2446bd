import type { Page } from "@playwright/test";
import { expectNoSidewaysScroll } from "@/e2e/axe";
import { connectionsPath } from "@/e2e/connections-screen";
import { expect, test } from "@/e2e/fixtures";
import { open } from "@/e2e/open";
import { secretsPath } from "@/e2e/secrets-screen";
import {
  addAccessToken,
  addConnection,
  addEntryLink,
  addInvitation,
  addIssuer,
  addRequest,
  addSecret,
  addTrashedConnection,
  addTrashedSecret,
} from "@/testing/factories";
import { signIn } from "@/testing/sign-in";
import { createTenant, createToken, database, type Tenant } from "@/testing/tenant";

const widths = [1440, 1150, 1024, 800, 768, 390];
/** A name that no browser breaks between words. */
const long = (start: string) => start.padEnd(128, "x");

/** A tenant with a row in each table, each with names of 128 characters. */
async function createLongNames(): Promise<Tenant> {
  const tenant = await createTenant();
  const { team, fabric, admin, user } = tenant;
  const name = (table: string, id: string, columns: Record<string, string>) =>
    database().query(
      `UPDATE ${table} SET ${Object.keys(columns).map((column, at) => `"${column}" = $${at + 2}`)} WHERE id = $1`,
      [id, ...Object.values(columns)],
    );
  await name("app_user", admin.id, { name: long("Ada"), email: `${long("ada")}@test.example` });
  await name("app_user", user.id, { name: long("Uri"), email: `${long("uri")}@test.example` });
  await name("team", team.id, { name: long("Team") });
  await name("fabric", fabric.id, { name: long("Fabric"), createdByName: long("Ada") });
  const by = { createdByName: long("Ada"), updatedByName: long("Ada"), description: long("About") };
  await name("secret", await addSecret(tenant), { name: long("secret"), ...by });
  await name("connection", await addConnection(tenant), { name: long("Connection"), ...by });
  await createToken(tenant, { name: long("token") });
  const issuer = { name: long("CI"), subject: long("repo:"), audience: long("aud") };
  await name("trusted_issuer", await addIssuer(tenant), { ...issuer, createdByName: long("Ada") });
  const owner = admin.id;
  await addAccessToken(tenant, { name: long("script"), owner });
  await name("invitation", await addInvitation(tenant), { email: `${long("mia")}@test.example` });
  await database().query(`UPDATE fabric_key SET "createdByName" = $1 WHERE "fabricId" = $2`, [
    long("Ada"),
    tenant.fabric.id,
  ]);
  await name("secret", await addTrashedSecret(tenant), { name: long("gone") });
  await name("trashed_connection", await addTrashedConnection(tenant), { name: long("Gone") });
  const { linkId } = await addEntryLink(tenant);
  await name("entry_link", linkId, {
    name: "x".repeat(64),
    secretName: long("s"),
    createdByName: long("Ada"),
  });
  await name("destination_request", await addRequest(tenant), { connectionName: long("Reports") });
  return tenant;
}

test("tables fit every width, with long names; they leave out only what is good to know, and only between the widths of a phone and a desktop", {
  tag: "@long",
}, async ({ page, context }) => {
  const tenant = await createLongNames();
  await signIn(context, tenant.admin);
  const fabric = `/metadata/fabrics/${tenant.fabric.id}`;
  const screens = {
    "/metadata": 1,
    "/metadata/teams": 1,
    [`/metadata/teams/${tenant.team.id}`]: 5,
    [secretsPath(tenant.fabric)]: 1,
    [connectionsPath(tenant.fabric)]: 1,
    [`${fabric}/advanced`]: 3,
    [`${fabric}/trash`]: 1,
    [`${secretsPath(tenant.fabric)}/entry-links`]: 1,
    "/settings/access-tokens": 1,
    [`${fabric}/activity`]: 0,
  };
  for (const [path, tables] of Object.entries(screens)) {
    await open(page, path);
    await expect(page.getByRole("table")).toHaveCount(tables);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      await expectNoSidewaysScroll(page, `${path} at ${width} px`);
      const isMiddle = width < 1440 && width >= 768;
      // A table takes its new width with the next frame.
      await expect
        .poll(() => faultsOfTables(page, isMiddle ? leftOut : []), { message: `${path} at ${width} px` })
        .toEqual([]);
    }
  }
});

/** The columns that may be left out where a table has little space. Their contents are on the pages of the rows. */
const leftOut = ["Owner", "Updated", "Created", "Added"];

/** Returns one line for each text or control in the page's tables that is cut, covered or hidden. */
function faultsOfTables(page: Page, leftOut: string[] = []): Promise<string[]> {
  return page.evaluate((leftOut) => {
    const faults: string[] = [];
    for (const table of document.querySelectorAll("table")) {
      const frame = table.parentElement?.getBoundingClientRect() ?? new DOMRect();
      const rows = [...table.rows];
      const header = rows[0]?.cells.length;
      for (const row of rows.slice(1)) {
        if (row.cells.length !== header) faults.push(`${row.cells.length} of ${header} cells`);
      }
      for (const cell of table.querySelectorAll<HTMLTableCellElement>("td, th")) {
        const column = rows[0]?.cells[cell.cellIndex];
        if (column && !column.checkVisibility() && leftOut.includes(column.textContent ?? "")) {
          if (cell.checkVisibility()) faults.push(`${table.ariaLabel}: a cell without its column`);
          continue;
        }
        const name = `${table.ariaLabel}, ${cell.textContent?.slice(0, 20)}`;
        const box = cell.getBoundingClientRect();
        if (box.left < frame.left - 1 || box.right > frame.right + 1)
          faults.push(`${name}: outside the table`);
        if (cell.scrollWidth > cell.clientWidth + 1 && cell.clientWidth > 1)
          faults.push(`${name}: ${cell.scrollWidth - cell.clientWidth} px too wide`);
        if (cell.matches("td") && cell.textContent?.trim() && box.width * box.height < 100)
          faults.push(`${name}: hidden`);
        // The caption of a cell of a card.
        const caption = cell.querySelector<HTMLElement>(":scope > [aria-hidden]");
        if (caption?.offsetWidth && caption.nextElementSibling?.textContent?.trim() === "")
          faults.push(`${name}: a caption without a value`);
      }
      for (const control of table.querySelectorAll("a, button")) {
        if (control.closest("td, th")?.checkVisibility() === false) continue;
        control.scrollIntoView({ block: "center", inline: "nearest" });
        const box = control.getBoundingClientRect();
        const top = document.elementFromPoint(
          box.left + box.width / 2,
          box.top + Math.min(box.height / 2, 10),
        );
        if (top === null || !(control.contains(top) || top.contains(control)))
          faults.push(`${table.ariaLabel}: ${control.textContent?.slice(0, 20)} is covered`);
      }
      for (const text of table.querySelectorAll<HTMLElement>("td *")) {
        const isCut =
          text.scrollWidth > text.clientWidth + 1 && getComputedStyle(text).overflowX === "hidden";
        if (isCut && !text.closest("[title]") && text.offsetWidth > 1)
          faults.push(`${table.ariaLabel}: ${text.textContent?.slice(0, 20)} is cut without a tooltip`);
      }
    }
    return faults;
  }, leftOut);
}

test("a page does not jump while it becomes interactive", { tag: "@long" }, async ({
  page,
  context,
  tenant,
}) => {
  await addSecret(tenant);
  await addConnection(tenant);
  await signIn(context, tenant.admin);
  await page.addInitScript(() => {
    window.jumps = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
        window.jumps.push(entry.value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  const fabric = `/metadata/fabrics/${tenant.fabric.id}`;
  for (const path of [
    "/metadata",
    secretsPath(tenant.fabric),
    connectionsPath(tenant.fabric),
    `${fabric}/activity`,
  ]) {
    await open(page, path);
    // A time is written relative to now, in the language of people, once the page is interactive.
    await expect(page.getByText(/just now|minutes? ago/).first()).toBeVisible();
    await page.evaluate(() => document.fonts.ready);
    const jumps = await page.evaluate(() => window.jumps.reduce((sum, value) => sum + value, 0));
    expect(jumps, `layout shift of ${path}`).toBeLessThan(0.002);
  }
});

declare global {
  interface Window {
    jumps: number[];
  }
}

test("a fabric without secrets and connections shows its empty states from the first byte", async ({
  page,
  context,
  tenant,
}) => {
  await signIn(context, tenant.user);
  for (const path of [secretsPath(tenant.fabric), connectionsPath(tenant.fabric)]) {
    const html = (await (await page.goto(path))?.text()) ?? "";
    expect(html).toContain(" yet</");
    expect(html, `the search of ${path}`).not.toContain('type="search"');
    expect(html, `a link of ${path}`).not.toContain("/connections/promote");
  }
});

test("a dialog over a dialog dims the one below", { tag: "@long" }, async ({ page, context, tenant }) => {
  await signIn(context, tenant.admin, { minutesAgo: 30 });
  await open(page, `/metadata/teams/${tenant.team.id}`);
  await page.getByRole("button", { name: "Add member" }).click();
  const parent = page.getByRole("dialog", { name: "Add member" });
  await parent.getByRole("textbox", { name: "E-mail" }).fill("mia@test.example");
  const title = await parent.getByRole("heading").boundingBox();
  await parent.getByRole("button", { name: "Create link" }).click();
  await expect(page.getByRole("dialog", { name: "Confirm your identity" })).toBeVisible();
  const colour = await page.evaluate(({ x, y }) => {
    const top = document.elementFromPoint(x, y);
    return top && getComputedStyle(top).backgroundColor;
  }, title ?? { x: 0, y: 0 });
  expect(colour).toBe("rgba(16, 16, 24, 0.45)");
});

test("an unknown address keeps the shell for people who are signed in", async ({ page, context, tenant }) => {
  await signIn(context, tenant.user);
  const response = await page.goto("/nothing/here");
  expect(response?.status()).toBe(404);
  await expect(page).toHaveTitle("Not found · Selvage");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Metadata" }).click();
  await expect(page).toHaveURL("/metadata");
});

test("each kind of connection has a mark of its own", async ({ page, context, tenant }) => {
  await signIn(context, tenant.user);
  await open(page, `${connectionsPath(tenant.fabric)}/new`);
  const tiles = page.getByRole("main").getByRole("listitem").locator("a > [aria-hidden]");
  await expect(tiles).toHaveCount(23);
  await expect
    .poll(() =>
      page
        .locator("main img")
        .evaluateAll((all) => all.every((img) => img instanceof HTMLImageElement && img.naturalWidth > 0)),
    )
    .toBe(true);
  const marks = await tiles.evaluateAll((all) => all.map((tile) => tile.innerHTML));
  expect(new Set(marks).size).toBe(23);
});

test("a click anywhere on a row opens it", async ({ page, context, tenant }) => {
  const secretId = await addSecret(tenant);
  await signIn(context, tenant.user);
  await open(page, secretsPath(tenant.fabric));
  const type = page.getByRole("cell").filter({ hasText: /^Type ?Text$/ });
  const cell = (await type.boundingBox()) ?? { x: 0, y: 0 };
  await page.mouse.click(cell.x + 4, cell.y + 4);
  await expect(page).toHaveURL(`${secretsPath(tenant.fabric)}/${secretId}`);
});

test("a cut strip of tabs shows that it continues", async ({ page, context, tenant }) => {
  await signIn(context, tenant.user);
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, `/metadata/fabrics/${tenant.fabric.id}`);
  const tabs = page.getByRole("navigation", { name: "Fabric" });
  const faded = () => tabs.evaluate((strip) => getComputedStyle(strip).maskImage !== "none");
  await expect.poll(faded).toBe(true);
  await page.setViewportSize({ width: 1440, height: 844 });
  await expect.poll(faded).toBe(false);
});
