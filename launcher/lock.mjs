import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// A lock is a file that names its holder. If the holder was killed, any process can take the lock over.

/**
 * Takes a lock, or returns the pid of its holder. `inherited` means that a killed holder left it.
 * @param {string} file
 * @returns {Promise<{ heldBy: number } | { heldBy: undefined, inherited: boolean, release: () => Promise<void> }>}
 */
export async function takeLock(file) {
  const own = JSON.stringify(identify(process.pid));
  const draft = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, own);
  let inherited = false;
  try {
    for (;;) {
      try {
        await link(draft, file);
        const release = async () => {
          if ((await readFile(file, "utf8").catch(() => "")) === own) await rm(file, { force: true });
        };
        return { heldBy: undefined, inherited, release };
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
      const other = await readFile(file, "utf8").catch(() => undefined);
      if (other === undefined) continue;
      const pid = livingHolder(other);
      if (pid !== undefined) return { heldBy: pid };
      // Only one process succeeds in renaming the stale file; for any other, the file is gone.
      await rename(file, `${draft}.stale`).catch(() => {});
      await rm(`${draft}.stale`, { force: true });
      inherited = true;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Runs `work` while holding a lock that excludes all other processes.
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

/** Returns the pid of the holder that a lock names; `undefined` if that process has ended. */
function livingHolder(text) {
  try {
    const { pid, born } = JSON.parse(text);
    return identify(pid)?.born === born ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Identifies a process by pid and start time, because systems reuse pids. */
function identify(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return undefined;
  }
  const born = startTimeOf(pid);
  return born === undefined ? undefined : { pid, born };
}

/** The start time of a process; `undefined` for a zombie. */
function startTimeOf(pid) {
  try {
    // Linux. Counts fields after the program's name, which may contain spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return (
      spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env }).stdout?.trim() ?? ""
    );
  }
}
