import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A separate file system of this many megabytes, which a test can fill. Only root can mount one. */
export function mountSmallDisk(megabytes: number) {
  const dir = mkdtempSync(join("/tmp", "selvage-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "tmpfs", dir], {
    encoding: "utf8",
  });
  if (mounted.status !== 0) {
    rmSync(dir, { recursive: true });
    throw new Error(
      `This test mounts a small disk, which takes root on Linux: ${mounted.stderr?.trim() || mounted.error?.message}`,
    );
  }
  const ballast = join(dir, "ballast");
  return {
    dir,
    /** Fills the remaining space, to the last page. */
    fill() {
      const file = openSync(ballast, "a");
      try {
        for (const block = Buffer.alloc(65_536); ; ) writeSync(file, block);
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remove() {
      spawnSync("umount", ["--lazy", dir]);
      rmSync(dir, { recursive: true });
    },
  };
}
