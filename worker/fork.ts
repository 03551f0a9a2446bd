import { type ChildProcess, fork } from "node:child_process";
import type { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { connectWorker } from "@/worker/remote-worker";

/** A process that runs one check. It emits `message`, and `exit` or `error` when it has ended. */
export type CheckWorker = Pick<ChildProcess, "connected" | "kill"> &
  EventEmitter & { send(message: unknown, onError?: (error: Error | null) => void): boolean };

/**
 * Starts a worker. `source` is the program's file, or the socket of `worker/host.ts`, which runs workers as
 * another user.
 */
export function startWorker(source: string): CheckWorker | null {
  return source.endsWith(".sock") ? connectWorker(source) : forkWorker(source);
}

/**
 * Starts a worker process. It does not inherit automate's environment, which names its keys. Returns null
 * when the system cannot start a process, for lack of descriptors, memory or processes.
 */
export function forkWorker(workerPath: string): ChildProcess | null {
  const worker = tryFork(workerPath);
  // Node.js reports some failures later, by an event of a child without a channel.
  if (worker?.connected) return worker;
  worker?.on("error", () => {});
  return null;
}

function tryFork(workerPath: string): ChildProcess | null {
  try {
    return fork(workerPath, [], {
      env: { NODE_ENV: "production" },
      // SIGUSR1 would open an inspector, through which any local user could read the secrets of the process.
      execArgv: [...confine(workerPath), "--disable-sigusr1", "--max-old-space-size=256"],
      // Keeps binary secrets as bytes.
      serialization: "advanced",
      // No output: a driver that prints an error could write a secret into automate's log.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  } catch {
    return null;
  }
}

/**
 * Returns arguments for the permission model of Node.js.
 *
 * A worker may read its program and packages, but not the data folder. It may not write files or start
 * processes, threads or native code. In development, a TypeScript worker runs without these limits, because
 * it has to start its compiler.
 */
function confine(workerPath: string): string[] {
  if (workerPath.endsWith(".ts")) return ["--import", "tsx"];
  const readable = [dirname(workerPath), ...packagesOf(dirname(workerPath))];
  return ["--permission", ...readable.map((folder) => `--allow-fs-read=${folder}/`)];
}

function packagesOf(folder: string): string[] {
  if (basename(folder) === "node_modules") return [folder];
  const packages = join(folder, "node_modules");
  if (existsSync(packages)) return [packages];
  return folder === dirname(folder) ? [] : packagesOf(dirname(folder));
}
