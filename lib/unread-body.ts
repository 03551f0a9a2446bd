import type { Server } from "node:http";

/**
 * Limits for a body that is still arriving after its answer. A browser reads the answer only after it has
 * sent everything.
 */
const mostBytes = 2 * 1024 * 1024;
const longestMs = 1_000;
const lookEveryMs = 50;

/**
 * Closes the connection of a client that keeps sending a body after the answer, for example after a 401.
 * Node.js would read and discard it for as long as the client sends.
 */
export function cutUnreadBodies(server: Server): void {
  server.on("request", (request, response) => {
    response.once("finish", () => {
      if (request.complete) return;
      const { socket } = request;
      const mostRead = socket.bytesRead + mostBytes;
      const until = performance.now() + longestMs;
      const looking = setInterval(() => {
        const isOver = request.complete || socket.destroyed;
        if (!isOver && socket.bytesRead <= mostRead && performance.now() <= until) return;
        clearInterval(looking);
        if (!isOver) socket.destroy();
      }, lookEveryMs);
    });
  });
}
