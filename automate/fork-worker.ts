import { type ChildProcess, fork } from "node:child_process";

/**
 * Starts a process that runs one check. It has nothing of automate's environment, where its keys are named. Returns null where the
 * system lets no process start, for want of descriptors, memory or processes.
 */
export function forkWorker(workerPath: string): ChildProcess | null {
  const worker = tryFork(workerPath);
  // Node.js reports some failures by an event, later, of a child that has no channel.
  if (worker?.connected) return worker;
  worker?.on("error", () => {});
  return null;
}

function tryFork(workerPath: string): ChildProcess | null {
  try {
    return fork(workerPath, [], {
      env: { NODE_ENV: "production" },
      execArgv: [...(workerPath.endsWith(".ts") ? ["--import", "tsx"] : []), "--max-old-space-size=256"],
      // Binary secrets stay bytes.
      serialization: "advanced",
      // No output at all: a driver that prints an error would print it into automate's log.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  } catch {
    return null;
  }
}
