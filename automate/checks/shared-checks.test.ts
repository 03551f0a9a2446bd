import { describe, expect, it } from "vitest";
import { createSharedChecks } from "@/automate/checks/shared-checks";
import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";

const passed: CheckResult = { type: "result", ok: true, ms: 1 };
const cancelled: CheckResult = { type: "result", ok: false, code: "cancelled", step: "network", ms: 1 };
const step: CheckEvent = { type: "step", step: "name", state: "started" };

/** A check that ends when the test ends it or when the scheduler cancels it. */
function startable() {
  const runs: { finish: () => void; signal: AbortSignal }[] = [];
  const check = (report: (event: CheckEvent) => void, signal: AbortSignal) =>
    new Promise<CheckResult>((resolve) => {
      report(step);
      runs.push({ finish: () => resolve(passed), signal });
      signal.addEventListener("abort", () => resolve(cancelled));
    });
  return { runs, check };
}

describe("two concurrent requests for the same check", () => {
  it("run it once, both receive every event, and it counts as one attempt", async () => {
    const { runs, check } = startable();
    const shared = createSharedChecks();
    const heard: CheckEvent[][] = [[], []];
    const answers = heard.map((events) =>
      shared.run("a", check, (event) => events.push(event), new AbortController().signal),
    );
    expect(runs).toHaveLength(1);
    runs[0]?.finish();
    expect(await Promise.all(answers)).toEqual([
      { result: passed, isShared: false },
      { result: passed, isShared: true },
    ]);
    expect(heard).toEqual([[step], [step]]);
    void shared.run("a", check, () => {}, new AbortController().signal);
    expect(runs).toHaveLength(2);
  });

  it("keep it running while one caller stays, and cancel it when the last caller leaves", async () => {
    const { runs, check } = startable();
    const shared = createSharedChecks();
    const [first, second] = [new AbortController(), new AbortController()];
    const answers = [first, second].map(({ signal }) => shared.run("a", check, () => {}, signal));
    first.abort();
    expect((await answers[0])?.result).toMatchObject({ code: "cancelled" });
    expect(runs[0]?.signal.aborted).toBe(false);
    second.abort();
    expect(runs[0]?.signal.aborted).toBe(true);
    expect((await answers[1])?.result).toMatchObject({ code: "cancelled" });
    void shared.run("a", check, () => {}, new AbortController().signal);
    expect(runs).toHaveLength(2);
  });

  it("are recorded once, even when the first caller has left", async () => {
    const { runs, check } = startable();
    const shared = createSharedChecks();
    const starter = new AbortController();
    void shared.run("a", check, () => {}, starter.signal);
    const stayed = shared.run("a", check, () => {}, new AbortController().signal);
    starter.abort();
    runs[0]?.finish();
    expect(await stayed).toEqual({ result: passed, isShared: false });
  });

  it("run separately when their keys differ", () => {
    const { runs, check } = startable();
    const shared = createSharedChecks();
    for (const key of ["a", "b"]) void shared.run(key, check, () => {}, new AbortController().signal);
    expect(runs).toHaveLength(2);
  });
});
