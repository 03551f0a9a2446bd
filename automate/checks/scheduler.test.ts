import { describe, expect, it } from "vitest";
import { type CheckLimits, createScheduler } from "@/automate/checks/scheduler";
import type { Slot } from "@/lib/limits/slots";

/** A scheduler that records its order and waits. `names` are "fabric/person" or "fabric/person/key". */
function start(limits: CheckLimits) {
  const scheduler = createScheduler(limits);
  const running = new Map<string, Slot>();
  const order: string[] = [];
  const waits: [string, number][] = [];
  return {
    order,
    waits,
    async ask(name: string, stop = new AbortController().signal): Promise<boolean> {
      const [fabricId = "", actorId = "", key] = name.replace(/#.*/, "").split("/");
      const request = { fabricId, actorId, keys: key === undefined ? [] : [key] };
      const slot = await scheduler.acquire(request, (position) => waits.push([name, position]), stop);
      if (slot === null) return false;
      order.push(name);
      running.set(name, slot);
      return true;
    },
    async end(name: string): Promise<void> {
      running.get(name)?.release();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("slots", () => {
  it("are limited for each fabric, person and key", async () => {
    const scheduler = start({ max: 5, perFabric: 4, perActor: 3, perKey: 2 });
    for (const name of ["a/x/k", "a/x/k#2", "a/y/k#3", "a/x", "a/x#2", "a/y", "a/z", "b/x", "b/y", "b/z"])
      void scheduler.ask(name);
    await soon();
    expect(scheduler.order).toEqual(["a/x/k", "a/x/k#2", "a/x", "a/y", "b/y"]);
    await scheduler.end("a/x/k");
    expect(scheduler.order.slice(5)).toEqual(["b/z"]);
  });

  it("cannot all be held by one fabric, nor can one person hold all of its fabric's", async () => {
    const scheduler = start({ max: 2, perFabric: 2, perActor: 2 });
    for (let n = 0; n < 20; n += 1) void scheduler.ask(`crowd/busy#${n}`);
    void scheduler.ask("crowd/other");
    void scheduler.ask("small/me");
    await soon();
    await scheduler.end("crowd/busy#0");
    await scheduler.end("crowd/busy#1");
    expect(scheduler.order).toEqual(["crowd/busy#0", "crowd/busy#1", "small/me", "crowd/other"]);
  });

  it("report to each waiting caller how many of its fabric are ahead, on each change", async () => {
    const scheduler = start({ max: 1 });
    for (const name of ["a/x", "a/y", "a/z", "b/x"]) void scheduler.ask(name);
    await soon();
    expect(scheduler.waits).toEqual([
      ["a/y", 0],
      ["a/z", 1],
      ["b/x", 0],
    ]);
    await scheduler.end("a/x");
    await scheduler.end("b/x");
    expect(scheduler.order).toEqual(["a/x", "b/x", "a/y"]);
    expect(scheduler.waits.slice(3)).toEqual([["a/z", 0]]);
  });

  it("are not given to cancelled callers, and the queue has a limit", async () => {
    const scheduler = start({ max: 1, maxWaiting: 2 });
    const leaving = new AbortController();
    void scheduler.ask("a/x");
    const leaver = scheduler.ask("a/y", leaving.signal);
    void scheduler.ask("a/z");
    expect(await scheduler.ask("a/w")).toBe(false);
    void scheduler.ask("b/x");
    leaving.abort();
    expect(await leaver).toBe(false);
    expect(scheduler.waits.at(-1)).toEqual(["a/z", 0]);
    expect(await scheduler.ask("a/v", AbortSignal.abort())).toBe(false);
    await scheduler.end("a/x");
    await scheduler.end("b/x");
    expect(scheduler.order).toEqual(["a/x", "b/x", "a/z"]);
  });
});
