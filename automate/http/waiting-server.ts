import { createServer } from "node:http";

const unavailable = JSON.stringify({
  error: {
    code: "database_unavailable",
    message: "The database is not available. No value was returned. Retry.",
  },
});

/** Serves health on an address while `work` runs: alive, not ready. */
export async function serveWhile(
  work: (begin: () => Promise<void>) => Promise<void>,
  { host, port }: { host: string; port: number },
): Promise<void> {
  const server = createServer((request, response) => {
    const isAlive = request.method === "GET" && request.url === "/healthz";
    response.writeHead(isAlive ? 200 : 503, {
      "content-type": "application/json",
      // The real server takes over this address. A kept-alive connection would be left without a server.
      connection: "close",
      ...(isAlive ? {} : { "retry-after": "2" }),
    });
    response.end(isAlive ? '{"status":"ok"}' : unavailable);
  });
  const begin = () =>
    new Promise<void>((done, failed) => {
      if (server.listening) return done();
      server.once("error", failed).listen(port, host, done);
    });
  try {
    await work(begin);
  } finally {
    if (server.listening) {
      await new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      });
    }
  }
}
