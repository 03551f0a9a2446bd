import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { builtPrograms } from "@/testing/built-programs";
import { listen } from "@/testing/servers/listening";

/** A start takes a second; beside the other tests, it once took more than twenty. */
const maxStartMs = 60_000;

/**
 * Automate as in production, bundled once: one file for the program and one for its workers. A test can start
 * several copies.
 */
export function createTestAutomates(env: () => Record<string, string>) {
  const folder = builtPrograms("automate", {
    server: "automate/server.ts",
    "check-worker": "worker/main.ts",
    "pkcs11-host": "lib/kms/pkcs11-host.ts",
  });
  const running = new Set<ChildProcess>();
  type Launched = { url: string; internalUrl: string; process: ChildProcess };
  return {
    /** Starts a copy as a separate process, without waiting until it is ready. */
    async launch(
      more: Record<string, string> = {},
      nodeFlags: readonly string[] = [],
      log: "ignore" | "pipe" | number = "ignore",
    ): Promise<Launched> {
      const free = await Promise.all([listen(createServer()), listen(createServer())]);
      await Promise.all(free.map((each) => each.close()));
      const [port, internalPort] = free.map((each) => each.port);
      const url = `http://127.0.0.1:${port}`;
      const internalUrl = `http://127.0.0.1:${internalPort}`;
      const flags = ["--conditions=react-server", ...nodeFlags];
      const child = spawn(process.execPath, [...flags, join(folder, "server.mjs")], {
        stdio: ["ignore", log, log],
        env: {
          PATH: process.env.PATH,
          NODE_ENV: "test",
          AUTOMATE_PORT: String(port),
          AUTOMATE_INTERNAL_PORT: String(internalPort),
          AUTOMATE_URL: internalUrl,
          EGRESS_ALLOW: "127.0.0.0/8",
          BACKGROUND_CHECKS: "off",
          ...env(),
          ...more,
        },
      });
      running.add(child);
      return { url, internalUrl, process: child };
    },
    /** Starts a copy as a separate process, and waits until it is ready. */
    async start(
      more: Record<string, string> = {},
      nodeFlags: readonly string[] = [],
      /** The log's target: a file descriptor, or a pipe that the test reads or lets fill up. */
      log: "ignore" | "pipe" | number = "ignore",
    ): Promise<Launched> {
      const launched = await this.launch(more, nodeFlags, log);
      const stopWaiting = performance.now() + maxStartMs;
      while (launched.process.exitCode === null && performance.now() < stopWaiting) {
        // The internal port listens last.
        const answer = await fetch(`${launched.internalUrl}/readyz`).catch(() => null);
        if (answer?.ok) return launched;
        await sleep(100);
      }
      const { exitCode } = launched.process;
      throw new Error(exitCode === null ? "Automate is not ready." : `Automate ended with ${exitCode}.`);
    },
    stopAll() {
      for (const automate of running) automate.kill("SIGKILL");
      running.clear();
    },
  };
}
