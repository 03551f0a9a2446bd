import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type CheckWorker, startWorker } from "@/worker/fork";

/* The attacks of a driver that a hostile server controls on this machine, and the result of each. */
const folder = mkdtempSync(join(tmpdir(), "selvage-worker-"));
const outside = mkdtempSync(join(tmpdir(), "selvage-data-"));
const program = join(folder, "worker.mjs");
let worker: CheckWorker | null = null;

const tries = `
  const { readFileSync, readdirSync, writeFileSync } = await import("node:fs");
  const { spawnSync } = await import("node:child_process");
  const { Worker } = await import("node:worker_threads");
  const attempts = {
    "read the data folder": () => readFileSync(${JSON.stringify(join(outside, "master.key"))}),
    "list the data folder": () => readdirSync(${JSON.stringify(outside)}),
    "read the environment of automate": () => readFileSync("/proc/" + process.ppid + "/environ"),
    "read the memory of automate": () => readFileSync("/proc/" + process.ppid + "/mem"),
    "write beside its program": () => writeFileSync(${JSON.stringify(join(folder, "other.mjs"))}, ""),
    "start a process": () => spawnSync("true"),
    "start a thread": () => new Worker("", { eval: true }),
    "load native code": () => process.dlopen({ exports: {} }, "/lib/x.node"),
    "open an inspector": () => process.binding("inspector"),
    "read its own program": () => readFileSync(${JSON.stringify(program)}),
  };
  const outcome = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try { attempt(); outcome[name] = "done"; } catch (error) { outcome[name] = error.code; }
  }
  process.once("message", () => process.send({ outcome, flags: process.execArgv, env: Object.keys(process.env) }));
`;

beforeAll(() => {
  writeFileSync(join(outside, "master.key"), "the key");
  writeFileSync(program, tries);
});
afterEach(() => worker?.kill("SIGKILL"));
afterAll(() => {
  for (const path of [folder, outside]) rmSync(path, { recursive: true });
});

it("a worker reads its own program, and reads, writes and starts nothing else", async () => {
  worker = startWorker(program);
  const report = await new Promise<Record<string, unknown>>((resolve) => {
    worker?.once("message", resolve);
    worker?.send({});
  });
  const denied = "ERR_ACCESS_DENIED";
  expect(report.outcome).toEqual({
    "read the data folder": denied,
    "list the data folder": denied,
    "read the environment of automate": denied,
    "read the memory of automate": denied,
    "write beside its program": denied,
    "start a process": denied,
    "start a thread": denied,
    "load native code": "ERR_DLOPEN_DISABLED",
    "open an inspector": denied,
    "read its own program": "done",
  });
  expect(report.flags).toContain("--disable-sigusr1");
});
