import type { Server } from "node:http";

/** How much of a body is still taken after its answer, and for how long: a browser reads the answer when it has sent everything. */
const mostBytes = 2 * 1024 * 1024;
const longestMs = 1_000;
const lookEveryMs = 50;

/**
 * Cuts off who goes on sending a body that was answered already, by a 401 for example: Node itself reads on, and throws away,
 * as long as somebody sends.
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
