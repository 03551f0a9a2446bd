import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Transform, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { Failure } from "@/cli/failure";
import { createMask } from "@/cli/mask";

/** After the command ends, output is still read while some arrives within each such interval. */
const quietMs = 200;
/**
 * Read at most this many intervals. Output after that comes from a background process that the command left
 * running.
 */
const maxIntervals = 10;

/**
 * Runs a command and returns its exit code. The values go only into the command's environment; our own tokens
 * are removed from it.
 */
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
    const outputs = [
      pipeOutput(child, child.stdout, createMask(secret), process.stdout),
      pipeOutput(child, child.stderr, createMask(secret), process.stderr),
    ];
    const code = await ended;
    await Promise.all(outputs.map((finish) => finish()));
    return code;
  } catch (error) {
    return exitCodeOfFailedStart(file, error);
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
  // The terminal already sends these signals to the command. Forwarding them would deliver them twice.
  const fromKeys = isAtTerminal ? [] : (["SIGINT", "SIGQUIT"] as const);
  for (const signal of ["SIGINT", "SIGQUIT"] as const) process.on(signal, () => {});
  for (const signal of [...fromKeys, "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const)
    process.on(signal, () => child.kill(signal));
}

/** Pipes the output through the mask. Returns a function that ends the pipe once no more output arrives. */
function pipeOutput(
  child: ChildProcess,
  from: Readable | null,
  through: Transform,
  to: Writable,
): () => Promise<void> {
  if (!from) return async () => {};
  from.pipe(through).pipe(to);
  // The reader closed the pipe. Signal that to the command, so that it ends as it would without the mask.
  to.once("error", () => {
    child.kill("SIGPIPE");
    from.destroy();
  });
  return async () => {
    let hasMoved = true;
    from.on("data", () => {
      hasMoved = true;
    });
    for (let times = 0; times < maxIntervals && hasMoved && !from.closed; times += 1) {
      hasMoved = false;
      await Promise.race([once(from, "close"), setTimeout(quietMs, undefined, { ref: false })]);
    }
    from.unpipe(through).destroy();
    through.end();
  };
}

/** Exit codes as in a shell: 127 when the command does not exist, 126 when it cannot be executed. */
function exitCodeOfFailedStart(file: string, error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") throw error;
  if (code === "E2BIG")
    throw new Failure("usage", "Together, the values exceed the size limit of a command's environment.");
  const isMissing = code === "ENOENT";
  process.stderr.write(
    `${file}: ${isMissing ? "command not found" : "permission denied or not executable"}\n`,
  );
  return isMissing ? 127 : 126;
}
