import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { allowedHosts, clientAddress, refusalOfBody } from "@/scripts/front-door";

function request(forwarded?: string) {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: "192.0.2.1" });
  return { headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded }, socket };
}

test("without trusted proxies the client is who holds the socket, whatever it claims", () => {
  expect(clientAddress(request(), 0)).toBe("192.0.2.1");
  expect(clientAddress(request("203.0.113.9"), 0)).toBe("192.0.2.1");
});

test("a trusted proxy's word counts, and what its client claims before it does not", () => {
  expect(clientAddress(request("198.51.100.7, 203.0.113.9"), 1)).toBe("203.0.113.9");
  expect(clientAddress(request("198.51.100.7, 203.0.113.9"), 2)).toBe("198.51.100.7");
  expect(clientAddress(request(), 1)).toBe("192.0.2.1");
});

test("only the public host is answered", () => {
  expect([...allowedHosts("https://selvage.example")]).toEqual(["selvage.example"]);
  expect([...allowedHosts("http://localhost:3000")].sort()).toEqual([
    "127.0.0.1:3000",
    "[::1]:3000",
    "localhost:3000",
  ]);
});

describe("a body", () => {
  const post = (headers: Record<string, string>) => refusalOfBody({ headers }, 1_048_576);

  test("that holds the largest secret comes in, one that is larger does not", () => {
    expect(post({ "content-length": "1400000" })).toBeNull();
    expect(post({ "content-length": "2000000" })).toBe(413);
  });

  test("that does not say its length is refused, since nothing would end it", () => {
    expect(post({ "transfer-encoding": "chunked" })).toBe(411);
    expect(post({})).toBeNull();
  });
});
