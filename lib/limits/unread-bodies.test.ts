import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { cutUnreadBodies } from "@/lib/limits/unread-bodies";

/** The parts of the clock that the server uses. */
const clock: Parameters<typeof vi.useFakeTimers>[0] = {
  toFake: ["setInterval", "clearInterval", "performance"],
};
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((_req, res) => res.writeHead(401).end("who?"));
  cutUnreadBodies(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => server.close());

/** Sends a body of `bytes` in pieces. Returns whether the server cut the connection, and how much was sent before. */
async function send(bytes: number, piece: number, pauseMs: number) {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => undefined);
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`);
  let sent = 0;
  for (; sent < bytes && !socket.destroyed; sent += piece) {
    await new Promise((done) => socket.write(Buffer.alloc(piece), done));
    await sleep(pauseMs);
  }
  const isCut = socket.destroyed;
  return { socket, answer: answer.slice(0, 12), isCut, sent };
}

test("the server cuts off a client that keeps sending a body after the answer, by its length", async () => {
  const { answer, isCut, sent } = await send(1_800_000_000, 1_000_000, 1);
  expect([answer, isCut]).toEqual(["HTTP/1.1 401", true]);
  expect(sent).toBeLessThan(200_000_000);
});

test("the server cuts off a slow client after a second, even if it keeps sending", async () => {
  vi.useFakeTimers(clock);
  // Without Nagle's algorithm, which would hold back single bytes.
  const socket = connect({ port, host: "127.0.0.1", noDelay: true }).on("error", () => undefined);
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1800000000\r\n\r\nx");
  const [answer] = await once(socket, "data");
  expect(answer.toString("latin1", 0, 12)).toBe("HTTP/1.1 401");
  const sendAndWait = async (ms: number) => {
    socket.write("x");
    await getAnswer();
    vi.advanceTimersByTime(ms);
  };
  for (let step = 0; step < 10; step += 1) await sendAndWait(100);
  await getAnswer();
  expect(socket.destroyed).toBe(false);
  await sendAndWait(100);
  // Node.js itself would close the idle connection, but only after 5 s.
  await once(socket, "close", { signal: AbortSignal.timeout(2_000) });
});

test("a client with at most a browser form's body gets its answer, and may reuse the connection", async () => {
  vi.useFakeTimers(clock);
  const { socket, answer, isCut } = await send(1_000_000, 100_000, 1);
  expect([answer, isCut]).toEqual(["HTTP/1.1 401", false]);
  await getAnswer();
  vi.advanceTimersByTime(1_500);
  await getAnswer();
  expect(socket.destroyed).toBe(false);
  const again = new Promise<string>((done) =>
    socket.once("data", (chunk) => done(chunk.toString("latin1", 0, 12))),
  );
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(await again).toBe("HTTP/1.1 401");
  socket.destroy();
});

test("a body that arrives with its request is not cut off", async () => {
  expect(await getAnswer("x".repeat(1_000))).toBe(401);
});

/** The status of one request. When it is there, the server has also seen what other sockets sent before. */
function getAnswer(body = ""): Promise<number | undefined> {
  return new Promise((done) => {
    request({ port, method: "POST", agent: false }, (res) => done(res.resume().statusCode)).end(body);
  });
}
