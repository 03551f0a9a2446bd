import { accessSync, constants } from "node:fs";
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
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin", "/snap/bin"];
  const installed = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const candidates = [process.env.BROWSER_PATH ?? "", chromium.executablePath(), ...installed, ...elsewhere];
  return candidates.find((path) => path !== "" && isExecutable(path));
}

/** Finds a browser, or installs one. */
export async function ensureBrowser() {
  if ((await findBrowser()) !== undefined) return;
  await step("Installing a browser", async (show) => {
    const isRoot = process.getuid?.() === 0;
    const playwright = [join(root, "node_modules/@playwright/test/cli.js"), "install"];
    const commands = [[nodeRuntime(), ...playwright, ...(isRoot ? ["--with-deps"] : []), "chromium"]];
    if (isRoot) {
      const install = ["apt-get", "install", "-y", "--no-install-recommends"];
      // First what Debian has: one package, where Playwright's own needs a browser from elsewhere and thirty packages.
      commands.unshift(["apt-get", "update"], [...install, "chromium-headless-shell"]);
      commands.push([...install, "chromium"]);
    }
    for (const [command, ...args] of commands) {
      const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
      await attempt(command, args, { cwd: root, env, show }).catch(() => undefined);
      if ((await findBrowser()) !== undefined) return;
    }
    throw new Refusal(
      "No browser was found, and none could be installed: install Chromium or Chrome, or set BROWSER_PATH.",
    );
  });
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
