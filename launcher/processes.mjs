import { spawn } from "node:child_process";
import { Refusal } from "./progress.mjs";

/**
 * Runs a program to its end; when it fails, what it printed is the message.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, show?: (text: string) => void }} options
 * @returns {Promise<string>} what it printed
 */
export async function run(command, args, { cwd, env, show = () => {} } = {}) {
  const { code, output } = await attempt(command, args, { cwd, env, show });
  if (code !== 0) throw new Refusal(output.trim() || `${command} ended with ${code}.`);
  return output;
}

/**
 * Starts a file with Node.js, TypeScript too, so that no other user of the machine can read its memory: without the inspector that
 * SIGUSR1 would open, and without core dumps.
 * @param {string} node
 * @param {string[]} args options of Node.js, the file, its arguments
 * @param {import("node:child_process").SpawnOptions} options
 */
export function startNode(node, args, options) {
  const file = args.find((arg) => !arg.startsWith("-")) ?? "";
  const typescript = file.endsWith(".ts") ? ["--import", "tsx", "--conditions=react-server"] : [];
  const command = [node, "--disable-sigusr1", "--enable-source-maps", ...typescript, ...args];
  if (process.platform === "win32") return spawn(command[0], command.slice(1), options);
  // A limit on core dumps can be set by a shell alone, which then becomes the program.
  return spawn("/bin/sh", ["-c", 'ulimit -c 0; exec "$0" "$@"', ...command], options);
}

/** As `run`, but a failure is an answer. */
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
