import type { Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** The answers of each connection that are not complete. A client may send its next request before it has one. */
const openAnswers = new WeakMap<Duplex, Set<ServerResponse>>();

/** Watches a server, for `openAnswersOf`. */
export function watchAnswers(server: Server): void {
  server.on("request", ({ socket }, response) => {
    const open = openAnswers.get(socket) ?? new Set();
    openAnswers.set(socket, open.add(response));
    response.once("close", () => open.delete(response));
  });
}

/** The answers of a connection that are not complete. */
export function openAnswersOf(socket: Duplex): readonly ServerResponse[] {
  return [...(openAnswers.get(socket) ?? [])];
}
