import http from "node:http";
import Provider from "oidc-provider";
import { type Listening, listen } from "@/testing/servers/listening";

export type OpenIdServer = Listening & { issuer: string };

/**
 * A real OpenID provider at which people sign in: whoever types an e-mail address is its subject, and the address is
 * verified unless it begins with "unverified". Its own login page stands for every provider's.
 */
export async function startOpenIdServer(client: {
  id: string;
  secret: string;
  /** Known only once web has a port, and web needs the issuer first. */
  redirectUris: string[];
}): Promise<OpenIdServer> {
  const server = http.createServer();
  const listening = await listen(server);
  const issuer = `http://127.0.0.1:${listening.port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: client.redirectUris,
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: id,
        email_verified: !id.startsWith("unverified"),
        name: "Olga OpenID",
      }),
    }),
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  return { ...listening, issuer };
}
