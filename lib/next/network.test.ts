import { expect, test } from "vitest";
import { networkOf } from "@/lib/next/network";

test("neighbours in a /24 or a /64 are one network, others are not", () => {
  expect(networkOf("203.0.113.7")).toBe(networkOf("203.0.113.250"));
  expect(networkOf("203.0.113.7")).not.toBe(networkOf("203.0.114.7"));
  expect(networkOf("2001:db8:1:2::3")).toBe(networkOf("2001:db8:1:2:ffff::9"));
  expect(networkOf("2001:db8:1:2::3")).not.toBe(networkOf("2001:db8:1:3::3"));
});

test("a network is written as a range, as people read it", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.0/24");
  expect(networkOf("2001:db8:1:2::3")).toBe("2001:db8:1:2::/64");
});

test("an IPv4 address written as IPv6 is the same network", () => {
  expect(networkOf("::ffff:203.0.113.7")).toBe(networkOf("203.0.113.7"));
});

test("only the last hop counts: what came before it is hearsay", () => {
  expect(networkOf("198.51.100.1, 203.0.113.7")).toBe(networkOf("203.0.113.7"));
});

test("without an address all share one network", () => {
  expect(networkOf(null)).toBe(networkOf("not an address"));
});
