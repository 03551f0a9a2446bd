import { createServer, type Server } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowedHosts, boundBody, clientAddress, maxBodyBytes } from "@/web/request-limits";

function request(forwarded?: string) {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: "192.0.2.1" });
  return { headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded }, socket };
}

test("without trusted proxies web takes the client's address from the socket, whatever headers it sends", () => {
  expect(clientAddress(request(), 0)).toBe("192.0.2.1");
  expect(clientAddress(request("203.0.113.9"), 0)).toBe("192.0.2.1");
});

test("web trusts a trusted proxy's header, and ignores what the client sent before it", () => {
  expect(clientAddress(request("198.51.100.7, 203.0.113.9"), 1)).toBe("203.0.113.9");
  expect(clientAddress(request("198.51.100.7, 203.0.113.9"), 2)).toBe("198.51.100.7");
  expect(clientAddress(request(), 1)).toBe("192.0.2.1");
});

test("web answers only the public host", () => {
  expect([...allowedHosts("https://selvage.example")]).toEqual(["selvage.example"]);
  expect([...allowedHosts("http://localhost:3000")].sort()).toEqual([
    "127.0.0.1:3000",
    "[::1]:3000",
    "localhost:3000",
  ]);
});

describe("a body", () => {
  const maxBytes = 10_000;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((req, res) => {
      if (!boundBody(req, maxBytes)) return res.writeHead(413, { connection: "close" }).end();
      let length = 0;
      req.on("data", (chunk: Buffer) => {
        length += chunk.length;
      });
      req.on("end", () => res.end(String(length)));
      req.on("error", () => res.destroy());
    });
    server.on("clientError", () => {});
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const chunked = (bytes: number) => ({
    method: "POST",
    duplex: "half" as const,
    body: new ReadableStream({
      start(stream) {
        for (let sent = 0; sent < bytes; sent += 1000) stream.enqueue(new Uint8Array(1000));
        stream.close();
      },
    }),
  });

  test("of the allowed length arrives whole, in chunks too", async () => {
    expect(await (await fetch(url, { method: "POST", body: "x".repeat(10_000) })).text()).toBe("10000");
    expect(await (await fetch(url, chunked(10_000))).text()).toBe("10000");
  });

  test("is refused if its declared length is too long, and cut off if it grows too long", async () => {
    expect((await fetch(url, { method: "POST", body: "x".repeat(10_001) })).status).toBe(413);
    await expect(fetch(url, chunked(200_000))).rejects.toThrow();
  });

  test("with the largest secret fits", () => {
    expect(maxBodyBytes(1_048_576)).toBeGreaterThan(1_400_000);
  });
});
