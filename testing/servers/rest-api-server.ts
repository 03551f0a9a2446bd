import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

/** The credentials that the API accepts. Each request needs one of those that are set. */
export type RestApiOptions = {
  basic?: { username: string; password: string };
  bearer?: string;
  apiKey?: { name: string; value: string };
  isValidToken?: (token: string) => Promise<boolean>;
  certificate?: Certificate;
  /** Requests a client certificate of this authority. */
  clientAuthority?: string;
  maxTlsVersion?: "TLSv1.1" | "TLSv1.2";
  /** The redirect target of /elsewhere. */
  redirectTo?: string;
};
export type RestApiServer = Listening & { baseUrl: string; requests: string[] };

/**
 * A real HTTP API with a status at "/". Other paths are faults: /forbidden /missing /elsewhere /here /slow
 * /endless /busy /broken /page. Each fault repeats the received credentials, as careless servers do.
 */
export async function startRestApiServer(options: RestApiOptions): Promise<RestApiServer> {
  const requests: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    const echo = `You sent ${request.headers.authorization} to ${request.url}`;
    const { pathname } = new URL(request.url ?? "/", "http://api.invalid");
    if (!(await isSignedIn(request, options))) {
      response.writeHead(401, { "www-authenticate": 'Bearer realm="api"' }).end(echo);
      return;
    }
    respond(pathname, response, echo, options);
  };
  const { certificate, clientAuthority, maxTlsVersion } = options;
  const server =
    certificate === undefined
      ? http.createServer(answer)
      : https.createServer(
          {
            ...certificate,
            ...(clientAuthority !== undefined && {
              ca: clientAuthority,
              requestCert: true,
              rejectUnauthorized: true,
            }),
            ...(maxTlsVersion !== undefined && { minVersion: "TLSv1", maxVersion: maxTlsVersion }),
            ...(maxTlsVersion === "TLSv1.1" && { ciphers: "DEFAULT@SECLEVEL=0" }),
          },
          answer,
        );
  server.on("tlsClientError", () => {});
  const listening = await listen(server);
  const scheme = certificate === undefined ? "http" : "https";
  return { ...listening, baseUrl: `${scheme}://127.0.0.1:${listening.port}`, requests };
}

async function isSignedIn(request: IncomingMessage, options: RestApiOptions): Promise<boolean> {
  const { basic, bearer, apiKey, isValidToken } = options;
  const [scheme, value = ""] = (request.headers.authorization ?? "").split(" ");
  if (basic === undefined && bearer === undefined && apiKey === undefined && isValidToken === undefined)
    return true;
  if (basic !== undefined && scheme === "Basic")
    return value === Buffer.from(`${basic.username}:${basic.password}`).toString("base64");
  if (bearer !== undefined && scheme === "Bearer" && value === bearer) return true;
  if (isValidToken !== undefined && scheme === "Bearer") return isValidToken(value);
  if (apiKey === undefined) return false;
  const query = new URL(request.url ?? "/", "http://api.invalid").searchParams.get(apiKey.name);
  return apiKey.value === (query ?? request.headers[apiKey.name.toLowerCase()]);
}

function respond(
  pathname: string,
  response: ServerResponse,
  echo: string,
  { redirectTo }: RestApiOptions,
): void {
  const json = { "content-type": "application/json" };
  switch (pathname) {
    case "/forbidden":
      return void response.writeHead(403, json).end(JSON.stringify({ message: echo }));
    case "/missing":
      return void response.writeHead(404, json).end(JSON.stringify({ message: echo }));
    case "/elsewhere":
      return void response.writeHead(302, { location: redirectTo ?? "https://elsewhere.example/" }).end(echo);
    case "/here":
      return void response.writeHead(301, { location: "/" }).end(echo);
    case "/slow":
      return;
    case "/endless": {
      response.writeHead(200, json);
      const timer = setInterval(() => response.write(echo), 10);
      return void response.on("close", () => clearInterval(timer));
    }
    case "/busy":
      return void response.writeHead(429, { "retry-after": "60" }).end(echo);
    case "/broken":
      return void response.writeHead(500, json).end(JSON.stringify({ message: echo }));
    case "/page":
      return void response.writeHead(200, { "content-type": "text/html" }).end(`<p>${echo}</p>`);
    default:
      return void response.writeHead(200, json).end('{"status":"ok"}');
  }
}
