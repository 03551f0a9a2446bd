import { describe, expect, it } from "vitest";
import { createTurns, type Turn, type TurnLimits } from "@/automate/checks/scheduler";

/** Turns whose order and waits are written down; `names` are "fabric/person" or "fabric/person/key". */
function start(limits: TurnLimits) {
  const turns = createTurns(limits);
  const running = new Map<string, Turn>();
  const order: string[] = [];
  const waits: [string, number][] = [];
  return {
    order,
    waits,
    async ask(name: string, stop = new AbortController().signal): Promise<boolean> {
      const [fabricId = "", actorId = "", key] = name.replace(/#.*/, "").split("/");
      const request = { fabricId, actorId, keys: key === undefined ? [] : [key] };
      const turn = await turns.take(request, (ahead) => waits.push([name, ahead]), stop);
      if (turn === null) return false;
      order.push(name);
      running.set(name, turn);
      return true;
    },
    async end(name: string): Promise<void> {
      running.get(name)?.give();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("run at most so many, of a fabric, of a person and with one key", async () => {
    const turns = start({ max: 5, perFabric: 4, perActor: 3, perKey: 2 });
    for (const name of ["a/x/k", "a/x/k#2", "a/y/k#3", "a/x", "a/x#2", "a/y", "a/z", "b/x", "b/y", "b/z"])
      void turns.ask(name);
    await soon();
    expect(turns.order).toEqual(["a/x/k", "a/x/k#2", "a/x", "a/y", "b/y"]);
    await turns.end("a/x/k");
    expect(turns.order.slice(5)).toEqual(["b/z"]);
  });

  it("cannot all be held by one fabric, nor its share by one person", async () => {
    const turns = start({ max: 2, perFabric: 2, perActor: 2 });
    for (let n = 0; n < 20; n += 1) void turns.ask(`crowd/busy#${n}`);
    void turns.ask("crowd/other");
    void turns.ask("small/me");
    await soon();
    await turns.end("crowd/busy#0");
    await turns.end("crowd/busy#1");
    expect(turns.order).toEqual(["crowd/busy#0", "crowd/busy#1", "small/me", "crowd/other"]);
  });

  it("tell who waits how many of the fabric are ahead, whenever that changes", async () => {
    const turns = start({ max: 1 });
    for (const name of ["a/x", "a/y", "a/z", "b/x"]) void turns.ask(name);
    await soon();
    expect(turns.waits).toEqual([
      ["a/y", 0],
      ["a/z", 1],
      ["b/x", 0],
    ]);
    await turns.end("a/x");
    await turns.end("b/x");
    expect(turns.order).toEqual(["a/x", "b/x", "a/y"]);
    expect(turns.waits.slice(3)).toEqual([["a/z", 0]]);
  });

  it("are not had by who gave up, nor when too many wait", async () => {
    const turns = start({ max: 1, maxWaiting: 2 });
    const given = new AbortController();
    void turns.ask("a/x");
    const leaver = turns.ask("a/y", given.signal);
    void turns.ask("a/z");
    expect(await turns.ask("a/w")).toBe(false);
    void turns.ask("b/x");
    given.abort();
    expect(await leaver).toBe(false);
    expect(turns.waits.at(-1)).toEqual(["a/z", 0]);
    expect(await turns.ask("a/v", AbortSignal.abort())).toBe(false);
    await turns.end("a/x");
    await turns.end("b/x");
    expect(turns.order).toEqual(["a/x", "b/x", "a/z"]);
  });
});
