import http from "node:http";
import https from "node:https";
import Provider from "oidc-provider";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

export type OAuthClient = { clientId: string; clientSecret: string };
export type TokenServerOptions = {
  client: OAuthClient;
  scope?: string;
  /** How the client must send its secret. */
  clientAuthentication?: "client_secret_basic" | "client_secret_post";
  certificate?: Certificate;
};
export type TokenServer = Listening & {
  authUrl: string;
  /** The number of token requests. */
  asked(): number;
  /** True when this server issued the token and the token is still valid. */
  isValid(token: string): Promise<boolean>;
};

/** A real authorization server (`oidc-provider`) that issues tokens to one client by client credentials. */
export async function startTokenServer({
  client,
  scope = "read",
  clientAuthentication = "client_secret_basic",
  certificate,
}: TokenServerOptions): Promise<TokenServer> {
  const server = certificate === undefined ? http.createServer() : https.createServer(certificate);
  const listening = await listen(server);
  const issuer = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${listening.port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: clientAuthentication,
        scope,
      },
    ],
    // A scope that exists but is not this client's is refused. An unknown scope would be ignored.
    scopes: [...scope.split(" "), "admin"],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  let asked = 0;
  server.on("request", ({ url }) => {
    if (url === "/token") asked += 1;
  });
  server.on("request", provider.callback());
  return {
    ...listening,
    asked: () => asked,
    authUrl: `${issuer}/token`,
    isValid: async (token) => (await provider.ClientCredentials.find(token)) !== undefined,
  };
}
