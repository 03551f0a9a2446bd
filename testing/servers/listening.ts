import type { AddressInfo, Server, Socket } from "node:net";

/** A server on loopback, with what a test asks of it. */
export type Listening = {
  readonly port: number;
  /** Connections that are open now; a cancelled check must leave none. */
  openConnections(): number;
  close(): Promise<void>;
};

/** Starts a server on a free loopback port; closing it also drops its connections. */
export async function listen(server: Server, port = 0): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    // As servers of the world do: small answers do not wait 40 ms for the other side to acknowledge the last one.
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
