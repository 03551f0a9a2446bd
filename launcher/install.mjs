import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withLock } from "./lock.mjs";
import { attempt } from "./processes.mjs";
import { Refusal, step } from "./progress.mjs";

const root = resolve(import.meta.dirname, "..");

/** Installs the packages of the lock file when node_modules holds others. */
export async function install() {
  if (await isInstalled()) return;
  await step("Installing packages", (show) =>
    withLock(join(root, ".locks/install"), show, async () => {
      if (await isInstalled()) return;
      // Under NODE_ENV=production npm would leave out what builds and tests need. Not `npm ci`: it refuses a lock file without the
      // optional packages of other platforms, and a registry need not carry those. Versions and hashes are the lock file's either way.
      const args = ["install", "--no-save", "--include=dev", "--no-audit", "--no-fund", "--loglevel=http"];
      const npm = process.env.npm_execpath;
      const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
      const { code, output } = await attempt(command, [...first, ...args], { cwd: root, show });
      if (code === 0) return unlinkNode();
      const said = output.split("\n").filter((line) => line.startsWith("npm error"));
      throw new Refusal(`The packages could not be installed:\n${said.slice(0, 20).join("\n") || output}`);
    }),
  );
}

/** The pinned Node.js is run by its path. Linked, it would shadow the machine's own in npm scripts, even where it cannot run. */
async function unlinkNode() {
  for (const name of ["node", "node.cmd", "node.ps1"])
    await rm(join(root, "node_modules/.bin", name), { force: true });
}

/** npm leaves a lock file of what it did in node_modules, as its last act. */
async function isInstalled() {
  const [wanted, found] = await Promise.all(
    ["package-lock.json", "node_modules/.package-lock.json"].map(async (name) => {
      const text = await readFile(join(root, name), "utf8").catch(() => '{"packages":{}}');
      return JSON.parse(text).packages;
    }),
  );
  return Object.entries(wanted).every(([path, entry]) => {
    // Optional packages may be of another platform.
    if (path === "" || (entry.optional && !found[path])) return true;
    return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity;
  });
}
