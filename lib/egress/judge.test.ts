import { describe, expect, it } from "vitest";
import { judge } from "@/lib/egress/judge";

const everything = ["0.0.0.0/0", "::/0"];

describe("addresses that Selvage refuses regardless of the operator's settings", () => {
  it.each([
    "169.254.169.254",
    "169.254.170.2",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::a9fe:a9fe",
    "2001:db8::5efe:a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "fec0::1",
    "not an address",
    "",
  ])("%s", (address) => {
    expect(judge(address, everything)).toBe("refused");
  });
});

describe("addresses that only an operator can allow", () => {
  it.each([
    ["127.0.0.1", "127.0.0.0/8"],
    ["127.8.8.8", "127.0.0.0/8"],
    ["::1", "::1/128"],
    ["::ffff:127.0.0.1", "127.0.0.0/8"],
    ["10.1.2.3", "10.0.0.0/8"],
    ["172.16.0.1", "172.16.0.0/12"],
    ["192.168.1.1", "192.168.0.0/16"],
    ["100.64.0.1", "100.64.0.0/10"],
    ["fd12::1", "fc00::/7"],
    ["64:ff9b::a00:1", "10.0.0.0/8"],
    ["2002:7f00:1::", "127.0.0.0/8"],
    ["::7f00:1", "127.0.0.0/8"],
  ])("%s", (address, cidr) => {
    expect(judge(address, [])).toBe("refused");
    expect(judge(address, ["203.0.113.0/24", "nonsense"])).toBe("refused");
    expect(judge(address, [cidr])).toBe("allowed");
  });
});

it.each(["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "172.32.0.1", "100.128.0.1"])(
  "the public address %s is allowed",
  (address) => {
    expect(judge(address, [])).toBe("allowed");
  },
);
