import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";

/** A binary secret has at most 16 MiB, and a check has few of them. */
const maxBytes = 64 * 1024 * 1024;
const headerBytes = 4;

/**
 * Sends one message over a socket to or from `worker/host.ts`: its length, then the message. Binary values
 * stay bytes.
 */
export function sendFrame(socket: Socket, message: unknown): void {
  const body = serialize(message);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  socket.write(Buffer.concat([header, body]));
}

/** Calls back with each message. Destroys the socket on a frame that is unreadable or longer than `limitBytes`. */
export function readFrames(
  socket: Socket,
  onMessage: (message: unknown) => void,
  limitBytes = maxBytes,
): void {
  // Joined once for each frame. Joining after each chunk would keep the program busy for a minute with a long
  // frame.
  let chunks: Buffer[] = [];
  let length = 0;
  let neededBytes = headerBytes;
  const join = (): Buffer => {
    const joined = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    chunks = [joined];
    return joined;
  };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    while (length >= neededBytes) {
      const buffered = join();
      const end = headerBytes + buffered.readUInt32BE();
      if (end - headerBytes > limitBytes) return socket.destroy();
      neededBytes = end;
      if (length < end) return;
      chunks = length > end ? [buffered.subarray(end)] : [];
      length -= end;
      neededBytes = headerBytes;
      try {
        onMessage(deserialize(buffered.subarray(headerBytes, end)));
      } catch {
        return socket.destroy();
      }
    }
  });
}
