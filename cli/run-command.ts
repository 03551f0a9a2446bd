import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Transform, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { Failure } from "@/cli/failure";
import { createMask } from "@/cli/mask";

/** After the command's end its output is read while something comes in such a time, and for so many of them. */
const quietMs = 200;
/** What was on its way is through by then; what still comes is of something that it left behind. */
const mostTimes = 10;

/** Runs a command to its end and returns its code; the values go into its environment and no further, and our own tokens do not. */
export async function runCommand(
  [file = "", ...args]: readonly string[],
  values: Readonly<Record<string, string>>,
  { isMasked }: { isMasked: boolean },
): Promise<number> {
  const { SELVAGE_TOKEN: _token, SELVAGE_PIPELINE_TOKEN: _pipeline, ...rest } = process.env;
  const output = isMasked ? "pipe" : "inherit";
  try {
    const child = spawn(file, args, { env: { ...rest, ...values }, stdio: ["inherit", output, output] });
    const ended = endOf(child);
    forwardSignals(child);
    const secret = Object.values(values);
    const passed = [
      passOn(child, child.stdout, createMask(secret), process.stdout),
      passOn(child, child.stderr, createMask(secret), process.stderr),
    ];
    const code = await ended;
    await Promise.all(passed.map((finish) => finish()));
    return code;
  } catch (error) {
    return codeOfUnstarted(file, error);
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function forwardSignals(child: ChildProcess): void {
  const isAtTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  // A terminal's keys reach the command without us: forwarded, they would reach it twice.
  const fromKeys = isAtTerminal ? [] : (["SIGINT", "SIGQUIT"] as const);
  for (const signal of ["SIGINT", "SIGQUIT"] as const) process.on(signal, () => {});
  for (const signal of [...fromKeys, "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const)
    process.on(signal, () => child.kill(signal));
}

/** Passes the output on through the mask; what it returns ends that when nothing comes any more. */
function passOn(
  child: ChildProcess,
  from: Readable | null,
  through: Transform,
  to: Writable,
): () => Promise<void> {
  if (!from) return async () => {};
  from.pipe(through).pipe(to);
  // Nobody reads any more: the command learns it as it would without us.
  to.once("error", () => {
    child.kill("SIGPIPE");
    from.destroy();
  });
  return async () => {
    let hasMoved = true;
    from.on("data", () => {
      hasMoved = true;
    });
    for (let times = 0; times < mostTimes && hasMoved && !from.closed; times += 1) {
      hasMoved = false;
      await Promise.race([once(from, "close"), setTimeout(quietMs, undefined, { ref: false })]);
    }
    from.unpipe(through).destroy();
    through.end();
  };
}

/** As a shell does: 127 for a command that is not there, 126 for one that cannot be run. */
function codeOfUnstarted(file: string, error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") throw error;
  if (code === "E2BIG")
    throw new Failure("usage", "The values are too large together for the environment of a command.");
  const isMissing = code === "ENOENT";
  process.stderr.write(`${file}: ${isMissing ? "there is no such command" : "it cannot be run"}\n`);
  return isMissing ? 127 : 126;
}
