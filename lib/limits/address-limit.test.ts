import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAddressLimit } from "@/lib/limits/address-limit";

// The limit counts by minute: the clock stands still within one.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30T10:00:48Z") }));
afterEach(() => void vi.useRealTimers());

const failing = (limit: ReturnType<typeof createAddressLimit>, address: string, times: number) =>
  Array.from({ length: times }, (_, i) => limit.count(address, `guess ${i}`).ok).filter(Boolean).length;

test("an address sends so many requests without a valid credential in a minute, whatever the credentials", () => {
  const limit = createAddressLimit(5);
  expect(failing(limit, "203.0.113.7", 9)).toBe(5);
  expect(limit.count("203.0.113.7", null)).toEqual({ ok: false, seconds: 12 });
  expect(failing(limit, "203.0.113.8", 9)).toBe(5);
  vi.setSystemTime(new Date("2026-11-30T10:01:00Z"));
  expect(failing(limit, "203.0.113.7", 9)).toBe(5);
});

test("a valid credential costs its address nothing, and passes when strangers there have used up the limit", () => {
  const limit = createAddressLimit(5);
  for (let i = 0; i < 50; i++) {
    const counted = limit.count("203.0.113.7", `token ${i}`);
    if (!counted.ok) throw new Error("refused");
    counted.proven();
  }
  failing(limit, "203.0.113.7", 9);
  expect(limit.count("203.0.113.7", "token 3").ok).toBe(true);
  expect(limit.count("203.0.113.7", "token 51").ok).toBe(false);
});

test("a valid credential that is then rejected, because it was revoked, counts again", () => {
  const limit = createAddressLimit(1);
  const count = () => limit.count("203.0.113.7", "token");
  const ask = () => {
    const counted = count();
    if (!counted.ok) throw new Error("refused");
    return counted;
  };
  ask().proven();
  ask().rejected();
  ask().rejected();
  expect(count().ok).toBe(false);
});

test("an IPv6 client has one limit for its /64, and an IPv4 address written as IPv6 is the same", () => {
  const limit = createAddressLimit(5);
  expect(failing(limit, "2001:db8:1:2::3", 3) + failing(limit, "2001:db8:1:2:ffff::4", 9)).toBe(5);
  expect(failing(limit, "2001:db8:1:3::3", 9)).toBe(5);
  expect(failing(limit, "::ffff:203.0.113.7", 3) + failing(limit, "203.0.113.7", 9)).toBe(5);
});

test.runIf(process.env.RUN_LONG)(
  "a hundred thousand addresses keep no more than twenty thousand counts",
  () => {
    const limit = createAddressLimit(1);
    const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    for (let i = 0; i < 100_000; i++) limit.count(address(i), null);
    expect(limit.count(address(99_999), null).ok).toBe(false);
    // Forgotten: the newest 20,000 are kept.
    expect(limit.count(address(0), null).ok).toBe(true);
  },
);
