import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";

const workerPath = builtCheckWorker();
const folder = mkdtempSync(join(tmpdir(), "selvage-descriptors-"));
const script = join(folder, "checks.mts");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs checks before, during and after the time when every descriptor of the process is in use. */
const program = `
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { closeSync, openSync } from "node:fs";
import { mock } from "node:test";
import { createCheckPool } from "@/automate/checks/pool";
import { createJob } from "@/testing/servers/trial-job";

const started: ChildProcess[] = [];
subscribe("child_process", ({ process: child }) => started.push(child));
const isAlive = ({ pid, exitCode, signalCode }: ChildProcess) =>
  pid !== undefined && exitCode === null && signalCode === null;
mock.timers.enable({ apis: ["setTimeout"] });

const pool = createCheckPool({ workerPath: ${JSON.stringify(workerPath)}, size: 1 });
const job = createJob("restapi", { baseUrl: "http://127.0.0.1:9", authType: "none", tlsMode: "disable" }, {});
const run = async () => {
  const result = await pool.run(job, () => {});
  return result.ok ? "ok" : result.code;
};
const codes: string[] = [];
const held: number[] = [];
const useUp = async () => {
  // The killed worker lets go of its descriptors first. Then the clock brings the time to prewarm the next one.
  while (started.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
  mock.timers.tick(1000);
  try {
    for (;;) held.push(openSync("/dev/null"));
  } catch {}
};
codes.push(await run());
await useUp();
codes.push(await run());
for (const _ of [1, 2]) {
  await useUp();
  codes.push(await run());
}
for (const one of held) closeSync(one);
codes.push(await run());
console.log(JSON.stringify(codes));
pool.close();
process.exit(0);
`;

test.skipIf(process.platform === "win32")(
  "a check whose process cannot start returns busy, and automate keeps running",
  async () => {
    writeFileSync(script, program);
    const flags = ["--import", "tsx", "--conditions=react-server", script];
    const { stdout } = await promisify(execFile)(
      "/bin/sh",
      ["-c", 'ulimit -n 120 && exec "$0" "$@"', process.execPath, ...flags],
      { timeout: 60_000 },
    );
    expect(JSON.parse(stdout)).toEqual([
      ...["address_refused", "address_refused"],
      ...["busy", "busy"],
      "address_refused",
    ]);
  },
  90_000,
);

/** Reads on a connection of this agent, or on one of its own. */
function statusOf(url: string, token: string, agent: Agent | false): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { agent, headers: { authorization: `Bearer ${token}` }, timeout: 10_000 };
    const request = get(url, options, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    });
    request.once("error", () => resolve("no answer")).once("timeout", () => request.destroy());
  });
}

/** Sets the descriptor limit of a running process. Linux only. */
const limit = (pid: number, descriptors: number) =>
  spawnSync("prlimit", ["--pid", String(pid), `--nofile=${descriptors}:`]).status === 0;

test.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
  "automate answers or refuses, and keeps running, while it has no free descriptor",
  async () => {
    const keys = await createTestKeys();
    const urls = await createTestDatabase("automate");
    Object.assign(process.env, keys.web, keys.automate);
    const owner = createDb(urls.ownerUrl);
    const fabric = await createTestFabric(owner);
    const { token, tokenHash } = newPipelineToken();
    const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
    await owner.pipelineToken.create({ data: { fabricId: fabric.fabricId, name: "p", tokenHash, ...by } });
    const versions = [{ by: "user" as const, fields: { value: "canary" } }];
    await addTestSecret(owner, fabric, urls.webUrl, { id: "greeting", subKind: "text", versions });
    const automates = createTestAutomates(() => ({
      ...keys.automate,
      AUTOMATE_DATABASE_URL: urls.automateUrl,
      BACKGROUND_CHECKS: "on",
    }));
    try {
      const { url, process: automate } = await automates.start();
      const pid = automate.pid ?? 0;
      const read = (agent: Agent | false) => statusOf(`${url}/v1/secrets/greeting`, token, agent);
      const keptAlive = new Agent({ keepAlive: true, maxSockets: 1 });
      expect(await read(keptAlive)).toBe(200);
      expect(limit(pid, readdirSync(`/proc/${pid}/fd`).length)).toBe(true);
      // Connections that say nothing, until automate accepts no more.
      const { port } = new URL(url);
      const idle = Array.from({ length: 40 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
      await Promise.any(idle.map((socket) => once(socket, "close")));
      for (let round = 0; round < 10; round += 1) {
        const [open, ...fresh] = await Promise.all([read(keptAlive), read(false), read(false), read(false)]);
        expect([open, ...fresh]).toEqual([200, ...Array(3).fill("no answer")]);
      }
      expect(limit(pid, 512)).toBe(true);
      for (const socket of idle) socket.destroy();
      await expect.poll(() => read(false), { timeout: 2000 }).toBe(200);
      keptAlive.destroy();
      expect(automate.exitCode).toBe(null);
    } finally {
      automates.stopAll();
      await owner.$disconnect();
      await closeDb();
    }
  },
  90_000,
);
