import { spawn } from "node:child_process";
import { Refusal } from "./progress.mjs";

/**
 * Runs a program and returns its output. If it fails, throws with the output as the message.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: (text: string) => void }} options
 * @returns {Promise<string>} the output
 */
export async function run(command, args, { cwd, env, show = () => {} } = {}) {
  const { code, output } = await attempt(command, args, { cwd, env, show });
  if (code !== 0) throw new Refusal(output.trim() || `${command} exited with code ${code}.`);
  return output;
}

/**
 * Starts a JavaScript or TypeScript file with Node.js. Protects its memory from other users of the machine:
 * disables the inspector that SIGUSR1 would open, and core dumps.
 * @param {string} node
 * @param {string[]} args options of Node.js, the file, its arguments
 * @param {import("node:child_process").SpawnOptions} options
 */
export function startNode(node, args, options) {
  const file = args.find((arg) => !arg.startsWith("-")) ?? "";
  const typescript = file.endsWith(".ts") ? ["--import", "tsx", "--conditions=react-server"] : [];
  const command = [node, "--disable-sigusr1", "--enable-source-maps", ...typescript, ...args];
  if (process.platform === "win32") return spawn(command[0], command.slice(1), options);
  // Only a shell can limit core dumps. It then replaces itself with the program.
  return spawn("/bin/sh", ["-c", 'ulimit -c 0; exec "$0" "$@"', ...command], options);
}

/**
 * Like `run`, but returns a failure instead of throwing.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: (text: string) => void }} options
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function attempt(command, args, { cwd, env, show = () => {} } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        show(text);
      });
    }
    const stop = () => child.kill("SIGTERM");
    process.once("exit", stop);
    child.once("error", failed);
    child.once("close", (code) => {
      process.off("exit", stop);
      done({ code, output });
    });
  });
}
