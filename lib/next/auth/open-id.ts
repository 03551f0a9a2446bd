import "server-only";
import { decodeJwt } from "jose";
import type { OAuthConfig } from "next-auth/providers/oauth";
import * as z from "zod";
import { webEnv } from "@/lib/env";
import type { OpenIdPerson } from "@/lib/identities/mutations";

export const openIdProviderId = "oidc";

const weekSeconds = 7 * 24 * 60 * 60;

const claims = z.object({
  iss: z.string().min(1),
  sub: z.string().min(1),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  name: z.string().optional(),
  auth_time: z.number().optional(),
});
type Claims = z.infer<typeof claims>;

/** Returns the configured OpenID Connect provider, or null. */
export function openIdProvider(): OAuthConfig<Claims> | null {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME } = webEnv();
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET) return null;
  return {
    id: openIdProviderId,
    name: OIDC_NAME,
    type: "oauth",
    wellKnown: `${OIDC_ISSUER.replace(/\/$/, "")}/.well-known/openid-configuration`,
    clientId: OIDC_CLIENT_ID,
    clientSecret: OIDC_CLIENT_SECRET,
    // Any `max_age`, however long, obliges the provider to return `auth_time`.
    authorization: { params: { scope: "openid email profile", max_age: weekSeconds } },
    checks: ["pkce", "state", "nonce"],
    idToken: true,
    userinfo: {
      // Many providers return e-mail and name only here. Claims of the signed ID token take precedence. The
      // address and its verification must come from the same source: otherwise an unverified address could
      // count as verified.
      request: async ({ client, tokens }) => {
        const signed = decodeJwt(tokens.id_token ?? ""); // next-auth's client has verified it
        if (!client.issuer.metadata.userinfo_endpoint) return signed;
        const userInfo = await client.userinfo(tokens.access_token ?? "");
        if (userInfo.sub !== signed.sub)
          throw new Error("The provider's token and user info name different people.");
        const { email, email_verified } = signed.email === undefined ? userInfo : signed;
        return { ...userInfo, ...signed, email, email_verified };
      },
    },
    profile: ({ sub }) => ({ id: sub }),
  };
}

/** The provider's name, or null without a provider. */
export function openIdName(): string | null {
  return webEnv().OIDC_ISSUER ? webEnv().OIDC_NAME : null;
}

/** Reads the person from a profile of the OpenID provider. */
export function personOf(profile: unknown): OpenIdPerson {
  const { iss, sub, email, email_verified, name, auth_time } = claims.parse(profile);
  return {
    issuer: iss,
    subject: sub,
    verifiedEmail: email_verified === true && email ? email : null,
    name:
      name
        ?.replace(/\p{Cc}/gu, " ")
        .trim()
        .slice(0, 100) ||
      email?.slice(0, 100) ||
      "Somebody",
    authenticatedAt: auth_time === undefined ? new Date() : new Date(Math.min(auth_time * 1_000, Date.now())),
  };
}
