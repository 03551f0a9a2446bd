import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CannotUnwrap, type MasterKey } from "@/lib/kms/define";
import { type KeyCall, type Resilience, resilient } from "@/lib/kms/resilient";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { startTransit } from "@/testing/key-services/transit";

const context = { fabricId: "f1", kid: "k1" };
const plain = new Uint8Array(32).fill(5);
const quick: Resilience = {
  callTimeoutMs: 400,
  attempts: 3,
  maxDelayMs: 20,
  breakAfter: 5,
  breakForMs: 500,
};
let service: KeyService;
let key: MasterKey;
let wrapped: string;
let calls: KeyCall[];

beforeAll(async () => {
  service = await startTransit();
});

beforeEach(async () => {
  service.be("works");
  calls = [];
  key = resilient(await service.open(), "main", (call) => calls.push(call), quick);
  wrapped = await key.wrap(plain, context);
  calls = [];
});

afterAll(() => service.close());

/** The state of the fault, how often the service was asked, and whether it took longer than `ms`. */
async function attempt(ms: number, unwrap = () => key.unwrap(wrapped, context)) {
  const startedAt = performance.now();
  const asked = service.requests();
  const error = await unwrap().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const state = error instanceof Error && "state" in error ? error.state : error;
  const took = performance.now() - startedAt;
  return { state, requests: service.requests() - asked, isLate: took > ms };
}

describe("a master key whose service", () => {
  test.each<[Situation, string, number]>([
    ["hanging", "unavailable", 3],
    ["failing", "unavailable", 3],
    ["a page of a proxy", "unavailable", 3],
    ["an empty answer", "unavailable", 3],
    ["a key of 31 bytes", "unavailable", 3],
    ["disabled", "disabled", 1],
    ["denied", "denied", 1],
    ["missing", "missing", 1],
    // The service asks to wait 7 seconds, longer than a caller should.
    ["throttled", "unavailable", 1],
  ])("is %s comes to “%s” in bounded time, after %i requests", async (situation, state, requests) => {
    service.be(situation);
    expect(await attempt(5_000)).toEqual({ state, requests, isLate: false });
    expect(calls.map(({ outcome }) => outcome)).toEqual(Array(requests).fill(state));
    service.be("works");
    expect(await key.unwrap(wrapped, context)).toEqual(plain);
  });

  test("fails once serves at the next attempt", async () => {
    service.be("failing");
    const unwrapped = key.unwrap(wrapped, context);
    await expect.poll(() => service.requests(), { interval: 1 }).toBe(1);
    service.be("works");
    expect(await unwrapped).toEqual(plain);
    expect(calls.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      "unwrap unavailable",
      "unwrap ok",
    ]);
  });

  test("asks to wait says so to the caller", async () => {
    service.be("throttled");
    await expect(key.unwrap(wrapped, context)).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  test("keeps failing is not called, and after a while one call tries it", async () => {
    service.be("hanging");
    await Promise.all(Array.from({ length: 4 }, () => attempt(5_000)));
    const refused = await Promise.all(Array.from({ length: 50 }, () => attempt(300)));
    for (const one of refused) expect(one).toEqual({ state: "unavailable", requests: 0, isLate: false });
    await expect(key.wrap(plain, context)).rejects.toMatchObject({
      message: "The service of master key “main” keeps failing.",
      retryAfterMs: expect.closeTo(250, -3),
    });
    await sleep(quick.breakForMs + 10);
    const tried = await Promise.all(Array.from({ length: 10 }, () => attempt(5_000)));
    expect(Math.max(...tried.map(({ requests }) => requests))).toBe(1);
    service.be("works");
    await sleep(quick.breakForMs + 10);
    expect(await key.unwrap(wrapped, context)).toEqual(plain);
    expect((await attempt(5_000)).state).toBeNull();
  });

  test("answers is called, however often it refuses", async () => {
    const foreign = `${wrapped.slice(0, -6)}AAAAA=`;
    for (let i = 0; i < 10; i += 1) await expect(key.unwrap(foreign, context)).rejects.toThrow(CannotUnwrap);
    service.be("denied");
    for (let i = 0; i < 10; i += 1) await attempt(5_000);
    service.be("works");
    expect((await attempt(5_000)).state).toBeNull();
  });

  test("hangs is described as unavailable, in bounded time and by one request", async () => {
    service.be("hanging");
    const startedAt = performance.now();
    expect(await key.describe()).toEqual({
      provider: "transit",
      keyId: key.keyId,
      fingerprint: key.fingerprint,
      state: "unavailable",
    });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(service.requests()).toBe(1);
  });
});

test("a caller that gives up ends the call at once", async () => {
  service.be("hanging");
  const startedAt = performance.now();
  await expect(key.unwrap(wrapped, context, AbortSignal.timeout(20))).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(350);
});
