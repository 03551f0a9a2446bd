import * as oauth from "oauth4webapi";
import type { buildConnector, Dispatcher } from "undici";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { isLoopbackHost } from "@/lib/egress/host";
import type { Opened } from "@/lib/secrets/kinds/registry";
import { CheckFailure } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { loadUndici } from "@/worker/clients/undici";

const field = "oauthClient";
const maxAnswerBytes = 65_536;

/** A bearer token and the lifetime that its server names, in seconds. */
export type BoughtToken = { accessToken: string; expiresInSeconds: number | undefined };

/** `buyToken` for a check. The egress guard restricts its sockets, and the pool's timeout ends it. */
export async function fetchToken(
  client: Opened["m2m_oauth"],
  caCertificate: string | Uint8Array | undefined,
): Promise<string> {
  const verified = { ...sharedVerification("verify-full", caCertificate), timeout: 0 };
  return (await buyToken(client, { connect: () => verified })).accessToken;
}

/**
 * Buys an access token by client credentials.
 *
 * Sends the secret in the Authorization header, which every server must accept. If the server answers that it
 * does not know the client, retries once with the secret in the body. `connect` returns the trusted authorities
 * and the allowed addresses for the token endpoint.
 */
export async function buyToken(
  client: Opened["m2m_oauth"],
  { connect, signal }: { connect: (endpoint: URL) => buildConnector.BuildOptions; signal?: AbortSignal },
): Promise<BoughtToken> {
  const endpoint = tokenEndpoint(client.authUrl);
  const { Agent, request } = await loadUndici();
  const dispatcher = new Agent({ connect: connect(endpoint) });
  const send = async (url: string, { method, headers, body }: TokenRequest) =>
    readAnswer(
      await request(url, { method, headers, body: String(body), dispatcher, signal: signal ?? null }),
    );

  try {
    return await tryBothAuthMethods(endpoint, client, send);
  } finally {
    // Automate is long-lived, so do not leave its sockets to time out.
    await dispatcher.destroy();
  }
}

async function tryBothAuthMethods(
  endpoint: URL,
  client: Opened["m2m_oauth"],
  send: Send,
): Promise<BoughtToken> {
  const methods = [oauth.ClientSecretBasic(client.clientSecret), oauth.ClientSecretPost(client.clientSecret)];
  for (const method of methods) {
    const outcome = await attempt(endpoint, client, method, send);
    if (outcome.token !== null) return outcome.token;
    const isLast = method === methods.at(-1);
    if (outcome.code !== "rejected_credentials" || isLast) throw new CheckFailure(outcome.code, field);
  }
  throw new CheckFailure("rejected_credentials", field);
}

type TokenRequest = { method: "POST"; headers: Record<string, string>; body: unknown };
type Send = (url: string, request: TokenRequest) => Promise<Response>;
type Outcome = { token: BoughtToken; code: null } | { token: null; code: CheckCode };

async function attempt(
  endpoint: URL,
  { clientId, scope }: Opened["m2m_oauth"],
  method: oauth.ClientAuth,
  send: Send,
): Promise<Outcome> {
  const server = { issuer: endpoint.origin, token_endpoint: endpoint.href };
  const client = { client_id: clientId };
  const parameters = new URLSearchParams(scope === undefined || scope === "" ? {} : { scope });
  const answer = await oauth.clientCredentialsGrantRequest(server, client, method, parameters, {
    [oauth.allowInsecureRequests]: endpoint.protocol === "http:",
    [oauth.customFetch]: (url, { headers, body }) =>
      send(url, { method: "POST", headers: Object.fromEntries(new Headers(headers)), body }),
  });
  const statusFinding = byStatus(answer.status);
  if (statusFinding !== null) return { token: null, code: statusFinding };
  try {
    const bought = await oauth.processClientCredentialsResponse(server, client, answer);
    return { token: { accessToken: bought.access_token, expiresInSeconds: bought.expires_in }, code: null };
  } catch (error) {
    return { token: null, code: byOAuthError(error) };
  }
}

function byStatus(status: number): CheckCode | null {
  if (status >= 300 && status < 400) return "redirected";
  if (status === 404 || status === 405 || status === 410) return "token_endpoint_wrong";
  if (status === 407) return "proxy_in_the_way";
  if (status === 429) return "rate_limited";
  return status >= 500 ? "server_error" : null;
}

function byOAuthError(error: unknown): CheckCode {
  if (error instanceof oauth.WWWAuthenticateChallengeError) return "rejected_credentials";
  if (!(error instanceof oauth.ResponseBodyError)) return "token_endpoint_wrong";
  switch (error.error) {
    case "invalid_client":
      return "rejected_credentials";
    case "invalid_scope":
      return "scope_rejected";
    case "unauthorized_client":
    case "unsupported_grant_type":
      return "grant_not_allowed";
    default:
      return error.status === 401 ? "rejected_credentials" : "token_endpoint_wrong";
  }
}

/** Parses the Auth URL as the token endpoint. Allows plain HTTP only on this machine. */
function tokenEndpoint(authUrl: string): URL {
  if (!URL.canParse(authUrl)) throw new CheckFailure("token_endpoint_wrong", field);
  const url = new URL(authUrl);
  const isAllowed = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  if (!isAllowed || url.username !== "") throw new CheckFailure("token_endpoint_wrong", field);
  return url;
}

/**
 * Reads an answer into a standard Response. Limited to 64 KiB, because a hostile server could send an endless
 * one.
 */
async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Response> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxAnswerBytes) throw new CheckFailure("token_endpoint_wrong", field);
    chunks.push(bytes);
  }
  const isEmpty = statusCode === 204 || statusCode === 205 || statusCode === 304;
  const list = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value ?? "")]);
  return new Response(isEmpty ? null : Buffer.concat(chunks), { status: statusCode, headers: list });
}
