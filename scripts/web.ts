import "@/lib/protect-process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { resolve } from "node:path";
import { flushRefusals } from "@/lib/audit/refusals";
import { BadEnvironment, type WebEnv, webEnv } from "@/lib/env";
import { createManagementApi, managementRoot } from "@/lib/server/management";
import { allowedHosts, boundBody, clientAddress, internalHeaders, maxBodyBytes } from "@/scripts/front-door";

const stopTimeoutMs = 10_000;
/** The largest secret over a slow network; nobody holds a connection for longer by sending little. */
const requestTimeoutMs = 120_000;

try {
  await serve(webEnv());
} catch (error) {
  console.error(error instanceof BadEnvironment ? error.message : error);
  process.exit(1);
}

async function serve(env: WebEnv) {
  const dev = process.env.NODE_ENV === "development";
  // Next decides by this variable which React it loads, so it is set before Next is.
  if (!dev) Object.assign(process.env, { NODE_ENV: "production" });
  const { default: next } = await import("next");
  const server = createServer({ requestTimeout: requestTimeoutMs });
  const dir = resolve(import.meta.dirname, "..");
  const app = next({ dev, dir, hostname: env.HOST, port: env.PORT, httpServer: server, quiet: false });
  const handle = app.getRequestHandler();
  const api = createManagementApi();
  await Promise.all([app.prepare(), api.ready()]);
  const hosts = allowedHosts(env.PUBLIC_URL);
  const { protocol } = new URL(env.PUBLIC_URL);
  const maxBytes = maxBodyBytes(env.MAX_SECRET_BYTES);

  server.on("request", (req: IncomingMessage, res: ServerResponse) => {
    const host = req.headers.host?.toLowerCase();
    if (host === undefined || !hosts.has(host)) {
      res.writeHead(421, { "content-type": "text/plain; charset=utf-8" });
      res.end("This server does not answer for that host.\n");
      return;
    }
    const isApi = isBelow(managementRoot, req.url);
    // The API holds bodies to its own limit, and says so in its own shape.
    if (!isApi && !boundBody(req, maxBytes)) {
      res.writeHead(413, { "content-type": "text/plain; charset=utf-8", connection: "close" });
      res.end("The request is too large.\n");
      return;
    }
    // What Next and the sign-in delays believe of a request is decided here, not by whoever sent it.
    for (const name of internalHeaders) delete req.headers[name];
    req.headers["x-forwarded-for"] = clientAddress(req, env.TRUST_PROXY_HOPS);
    req.headers["x-forwarded-host"] = host;
    req.headers["x-forwarded-proto"] = protocol.slice(0, -1);
    if (isApi) api.routing(req, res);
    else void handle(req, res);
  });

  server.on("error", (error: NodeJS.ErrnoException) => {
    const taken = error.code === "EADDRINUSE";
    console.error(taken ? `Port ${env.PORT} on ${env.HOST} is taken: set PORT to another.` : error);
    process.exit(1);
  });
  server.listen(env.PORT, env.HOST, () => console.log(`web is ready on ${env.HOST}:${env.PORT}`));

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), stopTimeoutMs).unref();
    server.close(() => void flushRefusals().finally(() => process.exit(0)));
    server.closeIdleConnections();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function isBelow(root: string, url = ""): boolean {
  return url === root || (url.startsWith(root) && /^[/?]/.test(url.slice(root.length)));
}
