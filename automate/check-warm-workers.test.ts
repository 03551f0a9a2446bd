import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { CheckJob } from "@/automate/check-job";
import { type CheckPool, type CheckRun, createCheckPool } from "@/automate/check-pool";
import type { WarmLimits } from "@/automate/check-warm-workers";
import type { CheckResult } from "@/lib/connectors/check-protocol";

const folder = mkdtempSync(join(tmpdir(), "selvage-warm-"));
const workerPath = join(folder, "worker.mjs");
let pool: CheckPool | undefined;

afterEach(() => pool?.close());
afterAll(() => rmSync(folder, { recursive: true }));

/** Says which process it is where a check says which version answered. */
writeFileSync(
  workerPath,
  `const serverVersion = Math.floor(process.pid / 1000) + "." + (process.pid % 1000);
  const rest = () => process.send({ type: "at_rest" });
  const pass = () => process.send({ type: "result", ok: true, ms: 1, facts: { serverVersion } });
  const fail = (code) => process.send({ type: "result", ok: false, code, step: "tls", ms: 1, facts: { serverVersion } });
  const ways = {
    passes: () => { pass(); rest(); },
    "passes slowly": () => setTimeout(ways.passes, 100),
    "passes and is not at rest": pass,
    "fails and says that it is at rest": () => { fail("connection_closed"); rest(); },
    unexpected: () => { fail("unexpected"); rest(); },
    "passes and goes on talking": () => { ways.passes(); setTimeout(pass, 20); },
    "passes and dies": () => { ways.passes(); setTimeout(process.exit, 20); },
    "is silent": () => {},
  };
  process.on("message", ({ properties }) => ways[properties?.way]?.());`,
);

function start(warm: WarmLimits = {}): CheckPool {
  pool = createCheckPool({ workerPath, warm, timeoutMs: 1000 });
  return pool;
}

function check(way: string, run: CheckRun): Promise<CheckResult> {
  assert(pool !== undefined);
  const job: CheckJob = {
    kind: "postgres",
    properties: { way },
    secrets: {},
    destinations: [],
    egressAllow: [],
  };
  return pool.run(job, () => {}, run);
}

function pidOf(result: CheckResult): number {
  const [thousands, rest] = result.facts?.serverVersion?.split(".").map(Number) ?? [];
  assert(thousands !== undefined && rest !== undefined, "The worker did not say who it is.");
  return thousands * 1000 + rest;
}

/** The process that serves a passing check of this identity. */
const serve = async (identity: string, way = "passes") => pidOf(await check(way, { identity }));

async function expectDead(pid: number): Promise<void> {
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), 5000);
}

describe("a worker whose check passed", () => {
  it("serves the next check of the same identity, and never one of another", async () => {
    start();
    const one = await serve("one");
    const other = await serve("other");
    expect(other).not.toBe(one);
    expect([await serve("one"), await serve("other"), await serve("one")]).toEqual([one, other, one]);
    expect(pidOf(await check("passes", {}))).not.toBe(one);
  });

  it("serves none more where its check has no identity", async () => {
    start();
    await expectDead(pidOf(await check("passes", {})));
  });

  it.each(["passes and is not at rest", "fails and says that it is at rest", "unexpected"])(
    "or did not pass well (%s) is dead before the next check",
    async (way) => {
      start();
      const one = await serve("one");
      expect(pidOf(await check(way, { identity: "one" }))).toBe(one);
      await expectDead(one);
      expect(await serve("one")).not.toBe(one);
    },
  );

  it.each([
    ["cancelled", { signal: () => AbortSignal.timeout(100) }],
    ["timed_out", { signal: () => undefined }],
  ])("is killed when a later one is %s", async (code, { signal }) => {
    start();
    const one = await serve("one");
    expect(await check("is silent", { identity: "one", signal: signal() })).toMatchObject({ code });
    await expectDead(one);
    expect(await serve("one")).not.toBe(one);
  });

  it.each(["passes and goes on talking", "passes and dies"])(
    "that %s while it waits is gone",
    async (way) => {
      start();
      const one = await serve("one", way);
      await expectDead(one);
      expect(await serve("one")).not.toBe(one);
    },
  );
});

describe("workers that wait", () => {
  it("end after so many checks", async () => {
    start({ checks: 3 });
    const one = await serve("one");
    expect([await serve("one"), await serve("one")]).toEqual([one, one]);
    await expectDead(one);
    expect(await serve("one")).not.toBe(one);
  });

  it("end when they have waited for so long", async () => {
    start({ idleMs: 300 });
    const one = await serve("one");
    expect(await serve("one")).toBe(one);
    await expectDead(one);
  });

  it("are so many at most, the one that waited longest ending first", async () => {
    start({ size: 2 });
    // A worker says that it is at rest after its result, and its turn begins with that.
    const rested = async (identity: string) => {
      const pid = await serve(identity);
      await sleep(250);
      return pid;
    };
    const [one, two] = [await rested("one"), await rested("two")];
    await rested("one");
    const three = await rested("three");
    await expectDead(two);
    expect([await serve("one"), await serve("three")]).toEqual([one, three]);
  });

  it("are more than one of an identity only when its checks ran at once", async () => {
    start();
    const [one, two] = await Promise.all([serve("one", "passes slowly"), serve("one", "passes slowly")]);
    expect(one).not.toBe(two);
    const again = await Promise.all([serve("one", "passes slowly"), serve("one", "passes slowly")]);
    expect(again.sort()).toEqual([one, two].sort());
  });

  it("are all killed when the pool closes", async () => {
    start();
    const pids = [await serve("one"), await serve("two")];
    pool?.close();
    await Promise.all(pids.map(expectDead));
  });
});
