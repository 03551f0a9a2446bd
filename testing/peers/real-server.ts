import { execFile, type SpawnOptions, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { vi } from "vitest";

/** Where Debian installs servers, in addition to the caller's path. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin` };

/**
 * Runs a program to its end, and returns its output. `install` says how to install it, and becomes the error
 * when it is missing.
 */
export async function runProgram(command: string, args: readonly string[], install: string, cwd = tmpdir()) {
  try {
    return await promisify(execFile)(command, args, { env, cwd, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? new Error(install) : error;
  }
}

/** A folder for one server, below the system's folder for temporary files. */
export async function serverFolder(name: string) {
  const path = await mkdtemp(join(tmpdir(), `selvage-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export type StartedServer = { stop(): Promise<void>; log(): string };

/**
 * Starts a server in the foreground, and waits until its port accepts connections. Throws its output if it
 * ends before that.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  { port, install, ...options }: { port: number; install: string } & SpawnOptions,
): Promise<StartedServer> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], ...options });
  let log = "";
  let failure: Error | undefined;
  child.stdout?.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      failure = error.code === "ENOENT" ? new Error(install) : error;
      resolve();
    });
    // Not "close": children of the server may keep its output open.
    child.once("exit", () => {
      failure ??= new Error(`${command} ended:\n${log}`);
      resolve();
    });
  });
  await vi.waitUntil(
    async () => {
      if (failure) throw failure;
      return accepts(port);
    },
    { timeout: 30_000, interval: 100 },
  );
  return {
    log: () => log,
    async stop() {
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      child.kill();
      await ended;
      clearTimeout(timer);
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
