import "server-only";
import { decode } from "next-auth/jwt";
import { webEnv } from "@/lib/env";

type Cookie = { name: string; options: Record<string, unknown> };
export type CookieName =
  | "sessionToken"
  | "callbackUrl"
  | "csrfToken"
  | "pkceCodeVerifier"
  | "state"
  | "nonce";

const names: Readonly<Record<CookieName, string>> = {
  sessionToken: "session-token",
  callbackUrl: "callback-url",
  csrfToken: "csrf-token",
  pkceCodeVerifier: "pkce.code_verifier",
  state: "state",
  nonce: "nonce",
};
const shortLived: readonly CookieName[] = ["pkceCodeVerifier", "state"];

/**
 * The cookies of next-auth. Under https, their names start with `__Host-`: browsers then refuse cookies that
 * another host of the domain plants.
 */
export function sessionCookies(publicUrl: string): Record<CookieName, Cookie> {
  const secure = publicUrl.startsWith("https:");
  const entries = Object.entries(names).map(([key, name]) => [
    key,
    {
      name: `${secure ? "__Host-" : ""}next-auth.${name}`,
      options: {
        httpOnly: true,
        sameSite: "lax",
        path: "/",
        secure,
        ...(shortLived.includes(key as CookieName) && { maxAge: 15 * 60 }),
      },
    },
  ]);
  return Object.fromEntries(entries);
}

/** The session id from a Cookie header. That session may have ended. */
export async function sessionIdOf(cookieHeader: string | undefined): Promise<string | null> {
  const { PUBLIC_URL, SESSION_SECRET } = webEnv();
  const start = `${sessionCookies(PUBLIC_URL).sessionToken.name}=`;
  const cookie = (cookieHeader ?? "").split(/; */).find((pair) => pair.startsWith(start));
  if (!cookie) return null;
  const claims = await decode({ token: cookie.slice(start.length), secret: SESSION_SECRET }).catch(
    () => null,
  );
  return claims?.sid ?? null;
}
