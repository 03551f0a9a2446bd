import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// A lock is a file that names its holder. It outlives a killed holder, and is then anybody's.

/**
 * Takes a lock, or says who holds it.
 * @param {string} file
 * @returns {Promise<{ heldBy: number } | { heldBy: undefined, inherited: boolean, release: () => Promise<void> }>}
 */
export async function takeLock(file) {
  const mine = JSON.stringify(identify(process.pid));
  const draft = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, mine);
  let inherited = false;
  try {
    for (;;) {
      try {
        await link(draft, file);
        const release = async () => {
          if ((await readFile(file, "utf8").catch(() => "")) === mine) await rm(file, { force: true });
        };
        return { heldBy: undefined, inherited, release };
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const theirs = await readFile(file, "utf8").catch(() => undefined);
      if (theirs === undefined) continue;
      const pid = holder(theirs);
      if (pid !== undefined) return { heldBy: pid };
      // Moved aside by one of us only: who comes second finds it gone.
      await rename(file, `${draft}.stale`).catch(() => {});
      await rm(`${draft}.stale`, { force: true });
      inherited = true;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Runs alone among all processes that ask for the same lock.
 * @template T
 * @param {string} file
 * @param {(waiting: string) => void} show
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, show, work) {
  for (;;) {
    const lock = await takeLock(file);
    if (lock.heldBy === undefined) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    show(`waiting for process ${lock.heldBy}`);
    await sleep(250);
  }
}

function holder(text) {
  try {
    const { pid, born } = JSON.parse(text);
    return identify(pid)?.born === born ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A process number is used again one day; together with the moment of birth it is not. */
function identify(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return undefined;
  }
  const moment = born(pid);
  return moment === undefined ? undefined : { pid, born: moment };
}

/** When a process began, or `undefined` for one that only waits to be forgotten. */
function born(pid) {
  try {
    // Linux; counted after the name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return (
      spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env }).stdout?.trim() ?? ""
    );
  }
}
