import type { Server } from "node:http";

/** How long a client may read nothing of an answer that waits for it, in milliseconds. */
export const maxIdleMs = 15_000;

/**
 * Closes the connection of a client that stops reading its answer. Otherwise the unread answer would hold its
 * memory for as long as the client stays connected. Requests that are still computed are not affected.
 */
export function cutUnreadAnswers(server: Server, idleMs = maxIdleMs): void {
  server.on("request", ({ socket }, response) => {
    // Node.js restarts this timer whenever the connection sends or receives a byte.
    socket.setTimeout(idleMs);
    response.on("timeout", () => {
      if (socket.writableLength > 0) socket.destroy();
    });
  });
}
