import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { builtPrograms } from "@/testing/built-programs";

/** How a command of the operator ended, and what it printed. */
export type Ran = { code: number; output: string };

/** The operator's program for backups, bundled as in production. Each run is a process of its own. */
export function createBackupProgram() {
  const folder = builtPrograms("backup", { backup: "backup/main.ts" });
  const program = join(folder, "backup.mjs");
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
  };
}
