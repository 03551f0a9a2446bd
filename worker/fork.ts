import { type ChildProcess, fork } from "node:child_process";
import type { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { connectWorker } from "@/worker/remote-worker";

/** A process that runs one check: it emits `message`, and `exit` or `error` when it is gone. */
export type CheckWorker = Pick<ChildProcess, "connected" | "kill"> &
  EventEmitter & { send(message: unknown, onError?: (error: Error | null) => void): boolean };

/** Where workers come from: the file of their program, or the socket of `worker/host.ts`, which runs them as another user. */
export function startWorker(source: string): CheckWorker | null {
  return source.endsWith(".sock") ? connectWorker(source) : forkWorker(source);
}

/**
 * Starts a worker. It has nothing of automate's environment, where its keys are named. Returns null where the system lets no
 * process start, for want of descriptors, memory or processes.
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
      // SIGUSR1 would open an inspector, through which any user of the machine reads a process.
      execArgv: [...confine(workerPath), "--disable-sigusr1", "--max-old-space-size=256"],
      // Binary secrets stay bytes.
      serialization: "advanced",
      // No output at all: a driver that prints an error would print it into automate's log.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  } catch {
    return null;
  }
}

/**
 * The permission model of Node.js: a worker may read its program and the packages, not the data folder. It may write no file, and
 * start no process, no thread and no native code. A worker in TypeScript, while developing, has to start its compiler.
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
