import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { readFrames, sendFrame } from "@/worker/frames";

/**
 * The messages that arrive over a wire that delivers `size` bytes at a time, and whether the reader closed
 * it.
 */
function sendOver(size: number, messages: unknown[], limitBytes?: number) {
  const sent: Buffer[] = [];
  const writer = { write: (bytes: Buffer) => sent.push(bytes) } as unknown as Socket;
  for (const message of messages) sendFrame(writer, message);
  const reader = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const read: unknown[] = [];
  readFrames(reader as Socket, (message) => read.push(message), limitBytes);
  const all = Buffer.concat(sent);
  for (let at = 0; at < all.length; at += size) reader.emit("data", all.subarray(at, at + size));
  return { read, isClosed: reader.destroyed };
}

it.each([1, 3, 4, 5, 1000, 1_000_000])("frames arrive whole and in order, %i bytes at a time", (size) => {
  const messages = [{ one: 1 }, "", Buffer.from([0, 255]), { text: "é".repeat(700) }];
  const { read, isClosed } = sendOver(size, messages);
  expect(read).toEqual(messages);
  expect(isClosed).toBe(false);
});

it("a frame over the reader's limit closes the connection at its first bytes", () => {
  const { read, isClosed } = sendOver(16, ["short", "x".repeat(1000)], 100);
  expect(read).toEqual(["short"]);
  expect(isClosed).toBe(true);
});
