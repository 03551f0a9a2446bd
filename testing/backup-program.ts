import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildSync } from "esbuild";

/** How a command of the operator ended, and what it printed. */
export type Ran = { code: number; output: string };

/** The operator's program for backups, bundled as in production. Each run is a process of its own. */
export function createBackupProgram() {
  const root = join(import.meta.dirname, "..");
  // Inside node_modules, so that the bundle finds its packages.
  const cache = join(root, "node_modules/.cache/backup");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "build-"));
  const program = join(folder, "backup.mjs");
  buildSync({
    entryPoints: [join(root, "backup/main.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node24",
  });
  // The program finds the migrations beside its folder, as in a checkout.
  if (!existsSync(join(cache, "prisma"))) symlinkSync(join(root, "prisma"), join(cache, "prisma"));
  /** Starts a command, which a test can end. */
  function start(env: Readonly<Record<string, string>>, args: readonly string[]) {
    const { PATH } = process.env;
    const command = ["--conditions=react-server", program, ...args];
    const options = { env: { PATH, NODE_ENV: "test" as const, ...env }, timeout: 600_000 };
    const running = promisify(execFile)(process.execPath, command, options);
    const ended: Promise<Ran> = running.then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      ({ code, stdout, stderr }) => ({ code, output: `${stdout}${stderr}` }),
    );
    return { child: running.child, ended };
  }
  return {
    /** Runs a command with these variables alone. */
    run: (env: Readonly<Record<string, string>>, ...args: string[]) => start(env, args).ended,
    start,
    remove() {
      rmSync(folder, { recursive: true });
    },
  };
}
