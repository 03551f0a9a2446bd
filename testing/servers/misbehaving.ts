import http, { type IncomingMessage, type ServerResponse } from "node:http";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { type Authority, type Certificate, createAuthority } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";
import { closedPort, startRawServer } from "@/testing/servers/raw-server";

/** The service that a misbehaving server replaces: its host, and the authority that the check trusts. */
type Endpoint = { host: string; authority: Authority };
/** Starts a misbehaving server. Closing it frees its port. */
export type Stranger = (endpoint: Endpoint) => Promise<Pick<Listening, "port" | "close">>;

const nonsense = Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 37 + 11) % 256));

/** Faults below any protocol, by name. */
export const socketFaults = {
  "refuses the connection": async () => ({ port: await closedPort(), close: async () => {} }),
  "says nothing": () => startRawServer("silent"),
  "resets at once": () => startRawServer("hang up"),
  "closes at once": () => each((socket) => socket.resume().end()),
  "resets at the first byte": () => each((socket) => socket.once("data", () => socket.resetAndDestroy())),
  "closes at the first byte": () => each((socket) => socket.once("data", () => socket.end())),
  "talks nonsense": () => startRawServer(nonsense),
  "talks HTTP in clear": () =>
    startRawServer(Buffer.from("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
  "lets one byte fall every 40 ms": () =>
    each((socket) => {
      const timer = setInterval(() => socket.write("\0"), 40);
      socket.on("close", () => clearInterval(timer));
    }),
  "repeats what was sent": () => each((socket) => socket.pipe(socket)),
} as const satisfies Record<string, Stranger>;

/** Certificate faults, for services that begin with TLS. */
export const certificateFaults = {
  "has a certificate of a stranger": async ({ host }) =>
    serveTls(await (await createAuthority("Nobody's authority")).issue({ names: [host] })),
  "has a certificate for another name": async ({ authority }) =>
    serveTls(await authority.issue({ names: ["elsewhere.invalid"] })),
  "has an expired certificate": async ({ host, authority }) =>
    serveTls(
      await authority.issue({
        names: [host],
        notBefore: new Date("2020-01-01"),
        notAfter: new Date("2020-02-01"),
      }),
    ),
  "has a certificate of next week": async ({ host, authority }) =>
    serveTls(await authority.issue({ names: [host], notBefore: new Date(Date.now() + 7 * 86_400_000) })),
  "speaks TLS 1.1": async ({ host, authority }) =>
    serveTls(await authority.issue({ names: [host] }), {
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    }),
} as const satisfies Record<string, Stranger>;

/** Answer faults, for services that speak HTTPS. Each repeats the request, as careless servers do. */
export const answerFaults = {
  "redirects elsewhere": answering((_echo, response) =>
    response.writeHead(302, { location: "https://elsewhere.invalid/" }).end(),
  ),
  "redirects to another page of itself": answering((_echo, response) =>
    response.writeHead(308, { location: "/login" }).end(),
  ),
  "is a proxy that wants a sign-in": answering((echo, response) => response.writeHead(407).end(echo)),
  "has had too many requests": answering((echo, response) =>
    response.writeHead(429, { "retry-after": "30" }).end(echo),
  ),
  "has an error of its own": answering((echo, response) => response.writeHead(500).end(echo)),
  "is under maintenance": answering((echo, response) => response.writeHead(503).end(echo)),
  "answers with a sign-in page": answering((echo, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(`<html>${echo}</html>`),
  ),
  "answers without end": answering((echo, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(`"${echo}",`), 20);
    response.on("close", () => clearInterval(timer));
  }),
  "answers with a megabyte": answering((echo, response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ echo, more: "x".repeat(1_048_576) })),
  ),
  "answers with half a JSON": answering((echo, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(`{"echo":"${echo}`),
  ),
  "answers with a JSON of another shape": answering((echo, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify([[echo]])),
  ),
  "answers with nothing": answering((_echo, response) => response.writeHead(204).end()),
  "refuses in words of its own": answering((echo, response) =>
    response.writeHead(403, { "content-type": "text/plain" }).end(echo),
  ),
  "cuts its answer off": answering((echo, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "9000" });
    response.write(echo, () => response.socket?.destroy());
  }),
  "talks nonsense behind TLS": async ({ host, authority }) =>
    serveTls(await authority.issue({ names: [host] }), {}, (socket) =>
      socket.once("data", () => socket.end(nonsense)),
    ),
} as const satisfies Record<string, Stranger>;

function each(serve: (socket: Socket) => void): Promise<Listening> {
  return listen(
    net.createServer((socket) => {
      socket.on("error", () => {});
      serve(socket);
    }),
  );
}

function answering(answer: (echo: string, response: ServerResponse) => void): Stranger {
  return async ({ host, authority }) => {
    const server = http.createServer(async (request, response) => {
      response.on("error", () => {});
      const echo = `You sent ${request.headers.authorization} ${request.url} ${await readBody(request)}`;
      answer(echo, response);
    });
    return serveTls(await authority.issue({ names: [host] }), {}, (socket) =>
      server.emit("connection", socket),
    );
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function serveTls(
  certificate: Certificate,
  options: tls.TlsOptions = {},
  serve: (socket: tls.TLSSocket) => void = (socket) => socket.resume(),
): Promise<Listening> {
  const server = tls.createServer({ ...certificate, ...options }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.on("tlsClientError", () => {});
  return listen(server);
}
