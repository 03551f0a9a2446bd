import http from "node:http";
import Provider from "oidc-provider";
import { type Listening, listen } from "@/testing/servers/listening";

export type OpenIdServer = Listening & { issuer: string };

/**
 * A real OpenID provider with its own login page. The entered e-mail address becomes the subject.
 * The address is verified unless it begins with "unverified".
 */
export async function startOpenIdServer(client: {
  id: string;
  secret: string;
  /** Set after web has a port, because web needs the issuer first. */
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
