import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withLock } from "./lock.mjs";
import { attempt } from "./processes.mjs";
import { Refusal, step } from "./progress.mjs";

const root = resolve(import.meta.dirname, "..");

/** Installs the lock file's packages when node_modules differs. */
export async function install() {
  if (await isInstalled()) return;
  await step("Installing packages", (show) =>
    withLock(join(root, ".locks/install"), show, async () => {
      if (await isInstalled()) return;
      // With NODE_ENV=production, npm would omit packages that builds and tests need. `npm ci` is no option:
      // it requires the optional packages of other platforms, which a registry may lack. Either way the lock
      // file sets versions and hashes.
      const args = ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=http"];
      const npm = process.env.npm_execpath;
      const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
      const { code, output } = await attempt(command, [...first, ...args], { cwd: root, show });
      if (code === 0) return unlinkNode();
      const errors = output.split("\n").filter((line) => line.startsWith("npm error"));
      throw new Refusal(`npm could not install the packages:\n${errors.slice(0, 20).join("\n") || output}`);
    }),
  );
}

/**
 * Removes npm's links to the pinned Node.js, which the launcher runs by path. The links would shadow the
 * machine's own Node.js in npm scripts, even where the pinned one cannot run.
 */
async function unlinkNode() {
  for (const name of ["node", "node.cmd", "node.ps1"])
    await rm(join(root, "node_modules/.bin", name), { force: true });
}

/** Compares npm's hidden lock file in node_modules, which npm writes last, with the wanted one. */
async function isInstalled() {
  const [locked, installed] = await Promise.all(
    ["package-lock.json", "node_modules/.package-lock.json"].map(async (name) => {
      const text = await readFile(join(root, name), "utf8").catch(() => '{"packages":{}}');
      return JSON.parse(text).packages;
    }),
  );
  return Object.entries(locked).every(([path, entry]) => {
    // Optional packages may be for another platform.
    if (path === "" || (entry.optional && !installed[path])) return true;
    return installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity;
  });
}
