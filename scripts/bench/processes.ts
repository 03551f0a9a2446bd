import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildSync } from "esbuild";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import type { LoadJob, LoadResult } from "@/scripts/bench/schema";

const root = join(import.meta.dirname, "../..");

/**
 * The benchmark's own processes, bundled, so that they spend no CPU time on compiling during the measurement.
 */
export function createBenchProcesses() {
  // Inside node_modules, so that the bundles find their packages.
  const cache = join(root, "node_modules/.cache/bench");
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, "build-"));
  buildSync({
    entryPoints: ["load.ts", "bare-server.ts"].map((name) => join(root, "scripts/bench", name)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    target: "node24",
  });
  const running: ChildProcess[] = [];
  let files = 0;
  return {
    /** Stores the input of a load process, and returns the file's path. */
    keep(value: unknown): string {
      files += 1;
      const file = join(outdir, `${files}.json`);
      writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
      return file;
    },

    /** Runs one job in a separate process. */
    async load(job: LoadJob): Promise<LoadResult> {
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(outdir, "load.mjs"),
        JSON.stringify(job),
      ]);
      return JSON.parse(stdout) as LoadResult;
    },

    /** Starts the bare HTTP server, which uses automate's framework. */
    async startBareServer(): Promise<string> {
      const port = await freePort();
      const child = spawn(process.execPath, [join(outdir, "bare-server.mjs"), String(port)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      running.push(child);
      await new Promise((ready) => child.stdout.once("data", ready));
      return `http://127.0.0.1:${port}`;
    },

    stop() {
      for (const child of running) child.kill();
      rmSync(outdir, { recursive: true });
    },
  };
}

export type BenchProcesses = ReturnType<typeof createBenchProcesses>;
