import type { AddressInfo, Server, Socket } from "node:net";

/** A server on loopback, with its state for tests. */
export type Listening = {
  readonly port: number;
  /** The number of open connections. A cancelled check must leave none. */
  openConnections(): number;
  close(): Promise<void>;
};

/** Starts a server on a free loopback port. Closing it also drops its connections. */
export async function listen(server: Server, port = 0): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    // As real servers do: otherwise small answers wait 40 ms for an acknowledgement (Nagle's algorithm).
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    openConnections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
