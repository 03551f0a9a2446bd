import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cutUnreadAnswers } from "@/lib/limits/unread-answers";
import { type Listening, listen } from "@/testing/servers/listening";

/** Longer than a busy machine keeps a client from reading. */
const idleMs = 3_000;
/** More than the kernel holds for a connection. */
const large = Buffer.alloc(64 * 1024 * 1024, "x");
let server: Listening;

beforeAll(async () => {
  const http = createServer(async ({ url }, res) => {
    if (url === "/slow") await sleep(3 * idleMs);
    res.end(url === "/large" ? large : "small");
  });
  cutUnreadAnswers(http, idleMs);
  server = await listen(http);
});
afterAll(() => server.close());

function ask(path: string) {
  const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return socket;
}

test("a client that does not read its answer is disconnected", async () => {
  const socket = ask("/large");
  await once(socket, "readable");
  await expect.poll(() => server.openConnections()).toBe(0);
  socket.destroy();
});

test("a client that reads slowly gets its whole answer", async () => {
  const socket = ask("/large");
  let received = 0;
  let pauses = 0;
  for await (const chunk of socket) {
    received += chunk.length;
    // Each pause is shorter than the limit; together they are twice as long.
    if (received < (pauses + 1) * (large.length / 100)) continue;
    pauses += 1;
    await sleep(idleMs / 50);
  }
  expect(pauses).toBeGreaterThan(50);
  expect(received).toBeGreaterThan(large.length);
});

test("a request that takes longer than the limit is answered", async () => {
  expect(await text(ask("/slow"))).toMatch(/small$/);
});
