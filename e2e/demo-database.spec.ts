import { readFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { checkPanel, openNewSecret, picker } from "@/e2e/connections-screen";
import { open } from "@/e2e/open";
import { fillSecret } from "@/e2e/secrets-screen";
import { createInstallation, type Installation } from "@/e2e/start-installation";

/* The demo of `npm start`, whose Order warehouse is a real database beside Selvage's own. */
test.describe.configure({ mode: "default" });
test.setTimeout(180_000);

let installation: Installation;
let started: ReturnType<Installation["start"]> | undefined;
test.beforeAll(async () => {
  installation = await createInstallation();
});
test.afterAll(async () => {
  await stop();
  await rm(installation.dataDir, { recursive: true });
});

/** Starts the installation, unless an earlier test left it running: a start takes ten seconds. */
function start(): ReturnType<Installation["start"]> {
  started ??= installation.start({ seed: true });
  return started;
}

async function stop(): Promise<void> {
  started = undefined;
  await installation.stop();
}

type Login = { email: string; password: string; role: string; team: string };

/** Signs in as the first User of Data Platform, and opens Order warehouse. */
async function openOrderWarehouse(page: Page, url: string, logins: readonly Login[]): Promise<void> {
  const user = logins.find(({ role, team }) => role === "User" && team === "Data Platform");
  await open(page, `${url}/sign-in`);
  await page.getByLabel("E-mail").fill(user?.email ?? "");
  await page.getByLabel("Password", { exact: true }).fill(user?.password ?? "");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: "Production lake", exact: true }).click();
  await page.getByRole("link", { name: /^Connections/ }).click();
  await page.getByRole("link", { name: "Order warehouse", exact: true }).click();
}

async function expectToWork(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await expect(checkPanel(page).getByText("The check passed.")).toBeVisible();
}

test("a User's check of Order warehouse passes, also after a restart, and a wrong password is refused at its field", async ({
  page,
}) => {
  const { url, logins } = await start();
  await openOrderWarehouse(page, url, logins);
  await expectToWork(page);

  const dialog = await openNewSecret(page, "Password");
  await fillSecret(page, dialog, { type: "Text", name: "my_guess", value: "not-the-password" });
  await dialog.getByRole("button", { name: "Create" }).click();
  await checkPanel(page).getByRole("button", { name: "Allow and check" }).click();
  await expect(checkPanel(page).getByText("The server rejected these credentials.")).toBeVisible();
  await expect(picker(page, "Password")).toHaveAttribute("aria-invalid", "true");

  await stop();
  const again = await start();
  // Sessions outlive the restart, and cookies do not depend on the port.
  await open(page, `${again.url}${new URL(page.url()).pathname}`);
  await expectToWork(page);
});

test("checks reach the demo's database, and no port of Selvage's own programs", async ({ page }) => {
  const { url, logins, ports } = await start();
  await openOrderWarehouse(page, url, logins);
  const saved = await page.getByRole("textbox", { name: "Port" }).inputValue();
  const database = readFileSync(join(installation.dataDir, "pg/postmaster.pid"), "utf8").split("\n")[3] ?? "";
  const codes = [];
  for (const port of [saved, database, ...ports]) codes.push(await checkPort(page, String(port)));
  // The demo's database admits nobody without TLS.
  expect(codes).toEqual([
    "not_admitted",
    "address_refused",
    "address_refused",
    "address_refused",
    "address_refused",
  ]);
});

test("a first start that was interrupted is completed by the next one", async ({ page }) => {
  const first = await start();
  await stop();
  // As if it had been killed at the end of the demo, which the file's name completes.
  const file = join(installation.dataDir, "keys/demo-logins.json");
  await rename(file, `${file}.part`);
  const { url, logins } = await start();
  expect(logins).toEqual(first.logins);
  await openOrderWarehouse(page, url, logins);
  await expectToWork(page);
});

/**
 * Checks a PostgreSQL connection to a port of this machine, as Tomás with a secret of his own. Returns the
 * result's code.
 */
function checkPort(page: Page, port: string): Promise<string> {
  return page.evaluate(async (port) => {
    const [, fabric] = /fabrics\/([^/]+)/.exec(location.pathname) ?? [];
    const routes = `/api/app/fabrics/${fabric}`;
    const own = await fetch(`${routes}/secret-options?subKind=text&search=partner_sftp_password`);
    const password = (await own.json()).options[0].id;
    const target = { server: "127.0.0.1", port, database: "orders", username: "orders_reader" };
    const properties = { ...target, tlsMode: "disable", password };
    const answer = await fetch(`${routes}/checks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "postgres", name: "Port", properties, isConfirmed: true }),
    });
    return JSON.parse((await answer.text()).trim().split("\n").at(-1) ?? "").code;
  }, port);
}
