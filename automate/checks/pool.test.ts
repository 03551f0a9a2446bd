import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { type CheckPool, type CheckPoolOptions, createCheckPool } from "@/automate/checks/pool";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import type { CheckJob } from "@/worker/protocol";

const folder = mkdtempSync(join(tmpdir(), "selvage-pool-"));
const job: CheckJob = { kind: "postgres", properties: {}, secrets: {}, destinations: [], egressAllow: [] };
const request = { fabricId: "f", actorId: "a", keys: [] };
const good = `process.send({ type: "result", ok: true, ms: 1 })`;
let pool: CheckPool | undefined;

afterEach(() => pool?.close());
afterAll(() => rmSync(folder, { recursive: true }));

/** A pool of workers that run this code when a job arrives. */
function start(onJob: string, options: Partial<CheckPoolOptions> = {}): CheckPool {
  const workerPath = join(folder, `${Math.random()}.mjs`);
  writeFileSync(workerPath, `process.on("message", (job) => { if (job.kind !== undefined) { ${onJob} } });`);
  pool = createCheckPool({ workerPath, ...options });
  return pool;
}

describe("a check worker", () => {
  it("that dies causes the result `unexpected` at the current step", async () => {
    const step = `process.send({ type: "step", step: "tls", state: "started" }, () => process.exit(7))`;
    expect(await start(step).run(job, () => {})).toMatchObject({
      ok: false,
      code: "unexpected",
      step: "tls",
    });
  });

  it("that fails to start causes the result `unexpected`", async () => {
    pool = createCheckPool({ workerPath: join(folder, "missing.mjs") });
    expect(await pool.run(job, () => {})).toMatchObject({ ok: false, code: "unexpected" });
  });

  it("can send nothing outside the protocol", async () => {
    const events: CheckEvent[] = [];
    const lines = [
      `{ type: "step", step: "name", state: "started", message: "canary" }`,
      `{ type: "result", ok: false, code: "canary", step: "name", ms: 1 }`,
      `{ type: "result", ok: true, ms: 1, facts: { serverVersion: "canary" } }`,
      `"canary"`,
    ];
    const says = lines.map((line) => `process.send(${line});`).join("");
    const result = await start(`${says}${good}`).run(job, (event) => events.push(event));
    expect(result).toEqual({ type: "result", ok: true, ms: 1 });
    expect(events).toEqual([result]);
  });

  it("serves one check and is then killed", async () => {
    // The worker returns its process id in the place of the server's version.
    const pid = "Math.floor(process.pid / 1000) + '.' + (process.pid % 1000)";
    const says = `process.send({ type: "result", ok: true, ms: 1, facts: { serverVersion: ${pid} } })`;
    const patient = start(`${says}; setInterval(() => {}, 1000)`, { size: 1 });
    const served = new Set<number>();
    for (const round of [1, 2, 3]) {
      const { facts } = await patient.run(job, () => {});
      const [thousands = Number.NaN, rest = Number.NaN] = facts?.serverVersion?.split(".").map(Number) ?? [];
      served.add(thousands * 1000 + rest);
      expect(served.size).toBe(round);
    }
    for (const one of served)
      await vi.waitFor(() => expect(() => process.kill(one, 0)).toThrow("ESRCH"), 2000);
  });

  it("that sends without end is cut off", async () => {
    const step = `process.send({ type: "step", step: "name", state: "started" })`;
    const events: CheckEvent[] = [];
    const endless = start(`setInterval(() => ${step}, 1)`, { timeoutMs: 5000 });
    expect(await endless.run(job, (event) => events.push(event))).toMatchObject({ code: "unexpected" });
    expect(events).toHaveLength(33);
  });

  it("gets none of automate's environment and cannot write to its output", async () => {
    process.env.CANARY = "canary";
    const isEmpty = `Object.keys(process.env).every((name) => ["NODE_ENV", "NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"].includes(name))`;
    const result = await start(`console.log("canary"); if (${isEmpty}) ${good}; else process.exit()`).run(
      job,
      () => {},
    );
    delete process.env.CANARY;
    expect(result).toMatchObject({ ok: true });
  });

  it("receives bytes as bytes", async () => {
    const secrets = { caCertificate: new Uint8Array([0, 255, 13, 10]) };
    const isSame = `[...job.secrets.caCertificate].join() === "0,255,13,10"`;
    expect(
      await start(`if (${isSame}) ${good}`, { timeoutMs: 3000 }).run({ ...job, secrets }, () => {}),
    ).toMatchObject({
      ok: true,
    });
  });
});

describe("a pool", () => {
  it("stops a check at its time limit and when the caller cancels it", async () => {
    const silent = start("setInterval(() => {}, 1000)", { timeoutMs: 600 });
    expect(await silent.run(job, () => {})).toMatchObject({ code: "timed_out", step: "name" });
    expect(await silent.run(job, () => {}, AbortSignal.timeout(100))).toMatchObject({
      code: "cancelled",
    });
    expect(await silent.run(job, () => {}, AbortSignal.abort())).toMatchObject({
      code: "cancelled",
    });
  });

  it("runs a limited number of checks, queues a limited number and refuses more", async () => {
    const one = start(good, { limits: { max: 1, maxWaiting: 1 } });
    const waits: number[] = [];
    const ask = () => one.slot(request, (position) => waits.push(position), new AbortController().signal);
    const [first, second, third] = [await ask(), ask(), ask()];
    expect(await third).toBeNull();
    first?.release();
    expect(await second).not.toBeNull();
    expect(waits).toEqual([0]);
  });

  it("ends running and waiting checks when it closes", async () => {
    const closing = start("setInterval(() => {}, 1000)", { limits: { max: 1 } });
    const ask = () => closing.slot(request, () => {}, new AbortController().signal);
    await ask();
    const [run, waiting] = [closing.run(job, () => {}), ask()];
    closing.close();
    expect(await run).toMatchObject({ code: "cancelled" });
    expect(await waiting).toBeNull();
  });
});
