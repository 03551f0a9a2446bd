import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import { builtPrograms } from "@/testing/built-programs";
import { listen } from "@/testing/servers/listening";
import type { CheckJob } from "@/worker/protocol";

/* Checks in workers of the worker host, which runs as another user in production. */
const folder = builtPrograms("worker-host", {
  "worker-host": "worker/host.ts",
  "check-worker": "worker/main.ts",
});
let socket: string;
let host: ChildProcess;
let pool: CheckPool | undefined;

beforeAll(async () => {
  socket = join(folder, "checks.sock");
  host = spawn(process.execPath, [join(folder, "worker-host.mjs"), socket], { stdio: "ignore" });
  await vi.waitFor(async () => expect(await canConnect()).toBe(true), 10_000);
});
afterEach(() => pool?.close());
afterAll(() => {
  host.kill("SIGKILL");
});

function canConnect(): Promise<boolean> {
  return new Promise((done) => {
    const probe = connect(socket);
    probe.once("connect", () => {
      probe.destroy();
      done(true);
    });
    probe.once("error", () => done(false));
  });
}

function jobFor(port: number): CheckJob {
  const server = { server: "127.0.0.1", port: String(port), database: "orders", username: "reader" };
  return {
    kind: "postgres",
    properties: { ...server, tlsMode: "disable" },
    secrets: { password: "a password", caCertificate: new Uint8Array([0, 255]) },
    destinations: [
      {
        protocol: "postgres",
        host: "127.0.0.1",
        port,
        hostField: "server",
        portField: "port",
        secretFields: [],
      },
    ],
    egressAllow: ["127.0.0.0/8"],
  };
}

const workers = () =>
  execFileSync("ps", ["-o", "pid=", "--ppid", String(host.pid)], { encoding: "utf8" })
    .trim()
    .split("\n").length;

it("a check runs in the worker host as in this process, step by step", async () => {
  const refusing = await listen(createServer());
  await refusing.close();
  pool = createCheckPool({ workerPath: socket, size: 0 });
  const events: CheckEvent[] = [];
  const result = await pool.run(jobFor(refusing.port), (event) => events.push(event));
  expect(result).toMatchObject({ ok: false, code: "connection_refused", step: "network" });
  expect(events.map((event) => event.type)).toContain("step");
});

it("a cancelled check ends its worker", async () => {
  const silent = await listen(createServer());
  pool = createCheckPool({ workerPath: socket, size: 0 });
  const cancel = new AbortController();
  const running = pool.run(jobFor(silent.port), () => {}, cancel.signal);
  await expect.poll(() => silent.openConnections(), { timeout: 10_000 }).toBe(1);
  cancel.abort();
  expect(await running).toMatchObject({ ok: false, code: "cancelled" });
  await expect
    .poll(() => {
      try {
        return workers();
      } catch {
        return 0;
      }
    })
    .toBe(0);
  await silent.close();
});
