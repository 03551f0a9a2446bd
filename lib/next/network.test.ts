import { expect, test } from "vitest";
import { networkOf } from "@/lib/next/network";

test("two addresses in one /24 or /64 share a network, others do not", () => {
  expect(networkOf("203.0.113.7")).toBe(networkOf("203.0.113.250"));
  expect(networkOf("203.0.113.7")).not.toBe(networkOf("203.0.114.7"));
  expect(networkOf("2001:db8:1:2::3")).toBe(networkOf("2001:db8:1:2:ffff::9"));
  expect(networkOf("2001:db8:1:2::3")).not.toBe(networkOf("2001:db8:1:3::3"));
});

test("the text of a network is a range", () => {
  expect(networkOf("203.0.113.7")).toBe("203.0.113.0/24");
  expect(networkOf("2001:db8:1:2::3")).toBe("2001:db8:1:2::/64");
});

test("an IPv4 address written as IPv6 is the same network", () => {
  expect(networkOf("::ffff:203.0.113.7")).toBe(networkOf("203.0.113.7"));
});

test("only the last hop counts, because a client can forge the earlier ones", () => {
  expect(networkOf("198.51.100.1, 203.0.113.7")).toBe(networkOf("203.0.113.7"));
});

test("requests without an address all share one network", () => {
  expect(networkOf(null)).toBe(networkOf("not an address"));
});
