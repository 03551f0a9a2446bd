import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stack } from "@/testing/stack-address";

export type Ended = { code: number | null; stdout: string; stderr: string };

/** The released command line, with a home folder of its own. */
export function commandLine(home: string, env: Record<string, string> = {}) {
  const file = join(stack().dir, "cli/selvage.mjs");
  return async (args: readonly string[], input: string | Uint8Array = ""): Promise<Ended> => {
    const environment: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      NODE_ENV: "test",
      XDG_CONFIG_HOME: home,
      SELVAGE_AUTOMATE_URL: stack().automateUrl,
      ...env,
    };
    const child = spawn(process.execPath, [file, ...args], { env: environment });
    child.stdin.end(input);
    const ended = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  };
}
