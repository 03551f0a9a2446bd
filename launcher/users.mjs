import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { nodeRuntime } from "./node-runtime.mjs";

// Started by root, each program runs as its own system user. Started by anyone else, all share that user, and
// npm start says so.

/** @typedef {{ uid: number, gid: number }} User */

const programs = { web: "selvage-web", automate: "selvage-automate", workers: "selvage-workers" };

/**
 * The users of the programs, or one sentence on why the programs share a user.
 * @param {{ dev: boolean, port: number, files: string[], dataDir: string }} settings each user must be able to read `files`
 * @returns {{ users: { web: User, automate: User, workers: User } | undefined, notice: string | undefined }}
 */
export function programUsers({ dev, port, files, dataDir }) {
  const shared = (why) => ({
    users: undefined,
    notice: `Web, automate and check workers share one user of this machine, ${why}: code that took over one of them could read the keys of the others.`,
  });
  if (process.getuid?.() !== 0) return shared("because only root can start them as separate users");
  if (dev) return shared("because a development server writes into the checkout");
  if (port < unprivilegedPort()) return shared(`because only root can listen on port ${port}`);
  const entries = Object.entries(programs).map(([program, name]) => [program, systemUser(name)]);
  const missing = entries.find(([, user]) => user === undefined);
  if (missing) return shared(`because the user ${programs[missing[0]]} could not be created`);
  const users = Object.fromEntries(entries);
  if (!canRead(users.workers, [...files, dataDir])) {
    return shared("because other users cannot read this checkout or enter the data folder");
  }
  return { users, notice: undefined };
}

/**
 * Gives the master key to automate's user. Every other key stays with root.
 * @param {string} keysDir
 * @param {string} file
 * @param {User} automate
 */
export async function giveMasterKey(keysDir, file, automate) {
  await chown(keysDir, 0, automate.gid);
  await chmod(keysDir, 0o710);
  await chown(file, automate.uid, automate.gid).catch((error) => {
    // With KMS_CONFIG there may be no such file.
    if (error.code !== "ENOENT") throw error;
  });
}

/**
 * A system user, created if missing; undefined where that is not possible.
 * @param {string} name
 * @returns {User | undefined}
 */
export function systemUser(name) {
  if (outputOf("id", ["-u", name]) === undefined) {
    outputOf("groupadd", ["-r", name]);
    outputOf("useradd", ["-r", "-g", name, "-s", "/usr/sbin/nologin", name]) ??
      outputOf("adduser", ["-S", "-D", name]);
  }
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(outputOf("id", [flag, name]) ?? Number.NaN));
  return uid && gid ? { uid, gid } : undefined;
}

function unprivilegedPort() {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return 1024;
  }
}

/**
 * True when the user can traverse the folders and read the files. A strict umask or a parent folder may
 * prevent either.
 */
function canRead(user, paths) {
  const script = `const { accessSync, constants, statSync } = require("node:fs");
    for (const path of process.argv.slice(1))
      accessSync(path, statSync(path).isDirectory() ? constants.X_OK : constants.R_OK);`;
  return spawnSync(nodeRuntime(), ["-e", script, ...paths], { ...user, cwd: "/", env: {} }).status === 0;
}

function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
