import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

/** The largest binary secret is 16 MiB, and a check has few. */
const maxBytes = 64 * 1024 * 1024;
const headerBytes = 4;

/** Sends one message over a socket to or from `worker-host.ts`: its length, then the message, in which bytes stay bytes. */
export function sendFrame(socket: Socket, message: unknown): void {
  const body = serialize(message);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  socket.write(Buffer.concat([header, body]));
}

/** Calls back with each message. A frame that is too long or not readable destroys the socket. */
export function readFrames(socket: Socket, onMessage: (message: unknown) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    while (buffered.length >= headerBytes) {
      const length = buffered.readUInt32BE();
      if (length > maxBytes) return socket.destroy();
      if (buffered.length < headerBytes + length) return;
      const body = buffered.subarray(headerBytes, headerBytes + length);
      buffered = buffered.subarray(headerBytes + length);
      try {
        onMessage(deserialize(body));
      } catch {
        return socket.destroy();
      }
    }
  });
}
