import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { listen } from "@/testing/servers/listening";

/**
 * Automate as in production, bundled once: one file for the program and one for its workers. A test can start
 * several copies.
 */
export function createTestAutomates(env: () => Record<string, string>) {
  const root = join(import.meta.dirname, "..");
  // Inside node_modules, so that the bundle finds its packages.
  const cache = join(root, "node_modules/.cache/automate");
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, "build-"));
  buildSync({
    entryPoints: {
      server: join(root, "automate/server.ts"),
      "check-worker": join(root, "worker/main.ts"),
      "pkcs11-host": join(root, "lib/kms/pkcs11-host.ts"),
    },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node24",
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
      const child = spawn(process.execPath, [...flags, join(outdir, "server.mjs")], {
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
      for (let tries = 0; tries < 200; tries += 1) {
        // The internal port listens last.
        const answer = await fetch(`${launched.internalUrl}/readyz`).catch(() => null);
        if (answer?.ok) return launched;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error("Automate did not start.");
    },
    stopAll() {
      for (const automate of running) automate.kill("SIGKILL");
      running.clear();
    },
    remove() {
      rmSync(outdir, { recursive: true });
    },
  };
}
