import type { Server } from "node:http";

/**
 * Limits for a body that is still arriving after its answer. A browser reads the answer only after it has
 * sent everything.
 */
const maxBytes = 2 * 1024 * 1024;
const maxMs = 1_000;
const pollEveryMs = 50;

/**
 * Closes the connection of a client that keeps sending a body after the answer, for example after a 401.
 * Node.js would read and discard it for as long as the client sends.
 */
export function cutUnreadBodies(server: Server): void {
  server.on("request", (request, response) => {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    // Without either header, a request has no body (RFC 9112, section 6.3).
    if (length === undefined && encoding === undefined) return;
    response.once("finish", () => {
      if (request.complete) return;
      const { socket } = request;
      const maxRead = socket.bytesRead + maxBytes;
      const until = performance.now() + maxMs;
      const timer = setInterval(() => {
        const isOver = request.complete || socket.destroyed;
        if (!isOver && socket.bytesRead <= maxRead && performance.now() <= until) return;
        clearInterval(timer);
        if (!isOver) socket.destroy();
      }, pollEveryMs);
    });
  });
}
