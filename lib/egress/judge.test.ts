import { describe, expect, it } from "vitest";
import { isEntry, judge } from "@/lib/egress/judge";

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
    expect(judge(address, 443, everything)).toBe("refused");
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
    expect(judge(address, 443, [])).toBe("refused");
    expect(judge(address, 443, ["203.0.113.0/24", "nonsense"])).toBe("refused");
    expect(judge(address, 443, [cidr])).toBe("allowed");
  });
});

it.each(["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "172.32.0.1", "100.128.0.1"])(
  "the public address %s is allowed",
  (address) => {
    expect(judge(address, 443, [])).toBe("allowed");
    expect(judge(address, 443, [`${address}/32:5432`])).toBe("allowed");
  },
);

describe("an entry with a port opens that port of its range, and no other", () => {
  it.each([
    ["127.0.0.1", 5433, ["127.0.0.1/32:5433"], "allowed"],
    ["127.0.0.1", 5432, ["127.0.0.1/32:5433"], "refused"],
    ["127.0.0.1", 3000, ["127.0.0.1/32:5433"], "refused"],
    ["127.0.0.1", 54_33, ["127.0.0.1/32:54330"], "refused"],
    ["127.0.0.2", 5433, ["127.0.0.1/32:5433"], "refused"],
    ["127.0.0.2", 5433, ["127.0.0.0/8:5433"], "allowed"],
    ["::1", 5433, ["::1/128:5433"], "allowed"],
    ["::1", 5432, ["::1/128:5433"], "refused"],
    ["::1", 5433, ["127.0.0.1/32:5433"], "refused"],
    ["::ffff:127.0.0.1", 5433, ["127.0.0.1/32:5433"], "allowed"],
    ["10.1.2.3", 443, ["10.0.0.0/8:5432", "10.1.0.0/16:443"], "allowed"],
    ["10.2.2.3", 443, ["10.0.0.0/8:5432", "10.1.0.0/16:443"], "refused"],
    ["10.1.2.3", 65_535, ["10.0.0.0/8:5432", "10.1.0.0/16"], "allowed"],
    ["169.254.169.254", 80, ["0.0.0.0/0:80"], "refused"],
  ] as const)("%s, port %i, with %j: %s", (address, port, allowed, expected) => {
    expect(judge(address, port, allowed)).toBe(expected);
  });
});

describe("an entry of EGRESS_ALLOW", () => {
  it.each([
    "10.0.0.0/8",
    "127.0.0.1/32",
    "127.0.0.1/8",
    "0.0.0.0/0",
    "fc00::/7",
    "::1/128",
    "127.0.0.1/32:1",
    "127.0.0.1/32:5433",
    "10.0.0.0/8:65535",
    "::1/128:5433",
    "fd00:1::/64:443",
  ])("may be %s", (entry) => {
    expect(isEntry(entry)).toBe(true);
  });

  it.each([
    "",
    "nonsense",
    "localhost:5433",
    "127.0.0.1",
    "127.0.0.1:5433",
    "127.0.0.1:5433/32",
    "127.0.0.1/33",
    "127.0.0.1/32:",
    "127.0.0.1/32:0",
    "127.0.0.1/32:05433",
    "127.0.0.1/32:65536",
    "127.0.0.1/32:-1",
    "127.0.0.1/32:5433-5440",
    "127.0.0.1/32:5433:5434",
    "127.0.0.1/32 :5433",
    "0177.0.0.1/32",
    "0x7f.0.0.1/32",
    "127.1/32",
    "::1",
    "::1:5433",
    "[::1]/128:5433",
    "[::1]:5433",
    "::1/129",
    "fe80::1%eth0/128",
  ])("may not be “%s”", (entry) => {
    expect(isEntry(entry)).toBe(false);
    for (const address of ["127.0.0.1", "::1"]) expect(judge(address, 5433, [entry])).toBe("refused");
  });
});
