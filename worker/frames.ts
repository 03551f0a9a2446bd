import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

/** The largest binary secret is 16 MiB, and a check has few. */
const maxBytes = 64 * 1024 * 1024;
const headerBytes = 4;

/** Sends one message over a socket to or from `worker/host.ts`: its length, then the message, in which bytes stay bytes. */
export function sendFrame(socket: Socket, message: unknown): void {
  const body = serialize(message);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  socket.write(Buffer.concat([header, body]));
}

/** Calls back with each message. A frame that is longer than `mostBytes` or not readable destroys the socket. */
export function readFrames(
  socket: Socket,
  onMessage: (message: unknown) => void,
  mostBytes = maxBytes,
): void {
  // Put together once for each frame: for each chunk anew, a long frame would keep the program busy for a minute.
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = headerBytes;
  const join = (): Buffer => {
    const whole = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    chunks = [whole];
    return whole;
  };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const buffered = join();
      const end = headerBytes + buffered.readUInt32BE();
      if (end - headerBytes > mostBytes) return socket.destroy();
      wanted = end;
      if (length < end) return;
      chunks = length > end ? [buffered.subarray(end)] : [];
      length -= end;
      wanted = headerBytes;
      try {
        onMessage(deserialize(buffered.subarray(headerBytes, end)));
      } catch {
        return socket.destroy();
      }
    }
  });
}
