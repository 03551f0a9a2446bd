import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { nodeRuntime } from "../launcher/node-runtime.mjs";
import { attempt } from "../launcher/processes.mjs";
import { Refusal, step } from "../launcher/progress.mjs";

const root = resolve(import.meta.dirname, "..");
const names = [
  // The same engine without windows, as Playwright's own build: about a sixth less work.
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
];
const elsewhere = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Launch arguments that stop the browser's own network requests. */
export const launchArguments = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // Chromium's sandbox refuses to run as root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** This machine's browser: `BROWSER_PATH`, Playwright's own, or an installed Chromium, Chrome or Edge. */
export async function findBrowser() {
  const { chromium } = await import("@playwright/test");
  return [process.env.BROWSER_PATH ?? "", chromium.executablePath(), ...installed()].find(isExecutable);
}

function installed() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...elsewhere];
}

const isRoot = process.getuid?.() === 0;
const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

/**
 * Installs Debian's browser for root, if there is none. It needs none of our packages, so that both can be installed
 * at the same time. Playwright's own needs thirty packages more.
 */
export async function installFromDebian() {
  const browsers = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), ".cache/ms-playwright");
  if (!isRoot || existsSync(browsers) || [process.env.BROWSER_PATH ?? "", ...installed()].some(isExecutable))
    return;
  await tryAll([
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", "chromium-headless-shell"],
  ]);
}

/** Finds a browser, or installs one. */
export async function ensureBrowser() {
  if ((await findBrowser()) !== undefined) return;
  await step("Installing a browser", async (show) => {
    const playwright = [join(root, "node_modules/@playwright/test/cli.js"), "install"];
    await tryAll([[nodeRuntime(), ...playwright, ...(isRoot ? ["--with-deps"] : []), "chromium"]], show);
    if ((await findBrowser()) === undefined && isRoot)
      await tryAll([["apt-get", "install", "-y", "--no-install-recommends", "chromium"]], show);
    if ((await findBrowser()) !== undefined) return;
    throw new Refusal(
      "No browser was found, and none could be installed: install Chromium or Chrome, or set BROWSER_PATH.",
    );
  });
}

async function tryAll(commands, show) {
  for (const [command, ...args] of commands)
    await attempt(command, args, { cwd: root, env, show }).catch(() => undefined);
}

function isExecutable(path) {
  if (path === "") return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
