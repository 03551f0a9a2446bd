import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { checkPanel, openNewSecret, picker } from "@/e2e/connections-screen";
import { open } from "@/e2e/open";
import { childrenOf } from "@/e2e/processes";
import { fillSecret } from "@/e2e/secrets-screen";
import { createInstallation, type Installation } from "@/e2e/start-installation";

/* A running installation of `npm start`, with its demo, whose Order warehouse is a real database beside Selvage's own. */
test.describe.configure({ mode: "default" });
test.setTimeout(180_000);

let installation: Installation;
let started: ReturnType<Installation["start"]> | undefined;
test.beforeAll(async () => {
  installation = await createInstallation();
});
test.afterAll(async () => {
  await installation.stop();
  await rm(installation.dataDir, { recursive: true });
});

/** All tests use one start, which takes ten seconds, but for the one that interrupts it. */
function start(): ReturnType<Installation["start"]> {
  started ??= installation.start({ seed: true });
  return started;
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

test("a User's check of Order warehouse passes, and a wrong password is refused at its field", async ({
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

/** The process id of a part, or of a process that a part started. */
function pidOf(name: string): number {
  const pid = installation.parts.find((part) => part.name === name)?.pid;
  if (pid === undefined) throw new Error(`${name} has no process.`);
  return pid;
}

/** Attacks that a program of this user could try on the others: each attempt with its result. */
function attack(uid: number, gid: number): Record<string, string> {
  const automate = pidOf("automate");
  const script = `
    const { readFileSync, readdirSync } = require("node:fs");
    const tries = {
      masterKey: () => readFileSync(${JSON.stringify(join(installation.dataDir, "keys/master.key"))}),
      signingKey: () => readFileSync(${JSON.stringify(join(installation.dataDir, "keys/automate-signing.jwk"))}),
      releaseKey: () => readFileSync(${JSON.stringify(join(installation.dataDir, "keys/release.pem"))}),
      keys: () => readdirSync(${JSON.stringify(join(installation.dataDir, "keys"))}),
      log: () => readFileSync(${JSON.stringify(join(installation.dataDir, "automate.log"))}),
      environment: () => readFileSync("/proc/${automate}/environ"),
      memory: () => readFileSync("/proc/${automate}/mem"),
      signal: () => process.kill(${automate}, "SIGUSR1"),
      web: () => readFileSync("/proc/${pidOf("web")}/environ"),
    };
    const outcome = {};
    for (const [name, go] of Object.entries(tries)) {
      try { go(); outcome[name] = "done"; } catch (error) { outcome[name] = error.code; }
    }
    const socket = require("node:net").connect(${JSON.stringify(join(installation.dataDir, "workers/checks.sock"))});
    socket.once("connect", () => { outcome.workers = "done"; socket.destroy(); });
    socket.once("error", (error) => { outcome.workers = error.code; });
    socket.once("close", () => console.log(JSON.stringify(outcome)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
    uid,
    gid,
    cwd: "/",
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const refused = {
  masterKey: "EACCES",
  signingKey: "EACCES",
  releaseKey: "EACCES",
  keys: "EACCES",
  log: "EACCES",
  environment: "EACCES",
  memory: "EACCES",
  signal: "EPERM",
};

test("as root, each program runs as its own user, which can neither read nor signal another program", async () => {
  test.skip(process.getuid?.() !== 0 || process.platform !== "linux", "only root has other users");
  const { notices, health, ports } = await start();
  expect(notices).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${ports[1]}/cli/selvage.mjs`)).status).toBe(200);
  const [host, automate, web] = ["workers", "automate", "web"].map(pidOf) as [number, number, number];
  await expect.poll(() => childrenOf(host).length).toBeGreaterThan(0);
  const worker = childrenOf(host)[0] ?? 0;
  const database = Number(
    readFileSync(join(installation.dataDir, "pg/postmaster.pid"), "utf8").split("\n")[0],
  );
  const owner = (pid: number) => statSync(`/proc/${pid}`).uid;
  const owners = [web, automate, worker, database].map(owner);
  expect(new Set([...owners, 0]).size).toBe(5);
  expect(owner(host)).toBe(owner(worker));

  for (const pid of [web, automate, host, worker, database]) {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    if (pid !== database) expect(limits).toMatch(/^Max core file size +0 /m);
  }
  const { uid: workerUid, gid: workerGid } = statSync(`/proc/${worker}`);
  // A worker may connect to its own socket: it gains another worker, confined like itself.
  expect(attack(workerUid, workerGid)).toEqual({ ...refused, web: "EACCES", workers: "done" });
  const { uid: webUid, gid: webGid } = statSync(`/proc/${web}`);
  expect(attack(webUid, webGid)).toEqual({ ...refused, web: "done", workers: "EACCES" });

  for (const pid of [web, automate]) process.kill(pid, "SIGUSR1");
  expect(await health()).toEqual([200, 200]);
  for (const log of ["web.log", "automate.log"])
    expect(readFileSync(join(installation.dataDir, log), "utf8")).not.toContain("Debugger listening");
});

test("a first start that was interrupted is completed by the next one", { tag: "@long" }, async ({
  page,
}) => {
  const first = await start();
  await installation.stop();
  started = undefined;
  // As if it had been killed at the end of the demo, which the file's name completes.
  const file = join(installation.dataDir, "keys/demo-logins.json");
  await rename(file, `${file}.part`);
  const { url, logins } = await start();
  expect(logins).toEqual(first.logins);
  await openOrderWarehouse(page, url, logins);
  await expectToWork(page);
});
