import net from "node:net";
import { type Listening, listen } from "@/testing/servers/listening";

/** A server without a protocol: it stays silent, hangs up, or sends these bytes to every client. */
export function startRawServer(behaviour: "silent" | "hang up" | Buffer): Promise<Listening> {
  return listen(
    net.createServer((socket) => {
      socket.on("error", () => {});
      if (behaviour === "hang up") socket.resetAndDestroy();
      else if (behaviour !== "silent") socket.end(behaviour);
      socket.resume();
    }),
  );
}

/** A loopback port on which no server listens. */
export async function closedPort(): Promise<number> {
  const server = await listen(net.createServer());
  await server.close();
  return server.port;
}
