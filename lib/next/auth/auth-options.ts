import "server-only";
import { getServerSession, type NextAuthOptions, type User } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { webEnv } from "@/lib/env";
import { admitIdentity } from "@/lib/identities/mutations";
import { findIdentity } from "@/lib/identities/queries";
import { logFailure } from "@/lib/log";
import { openIdProvider, openIdProviderId, personOf } from "@/lib/next/auth/open-id";
import { sessionCookies } from "@/lib/next/auth/session-cookie";
import { signInSource } from "@/lib/next/network";
import { endSession, provePassword, startSession } from "@/lib/sessions/mutations";
import { sessionMaxAgeMs } from "@/lib/sessions/queries";
import { signInInput } from "@/lib/sessions/schema";

declare module "next-auth" {
  interface Session {
    sessionId?: string | undefined;
  }
  interface User {
    accessEpoch?: number;
  }
}
declare module "next-auth/jwt" {
  interface JWT {
    sid?: string | undefined;
  }
}

let cachedOptions: NextAuthOptions | undefined;

/** The configuration of next-auth. Its encrypted cookie contains only the id of a session row. */
export function authOptions(): NextAuthOptions {
  cachedOptions ??= makeOptions();
  return cachedOptions;
}

function makeOptions(): NextAuthOptions {
  const openId = openIdProvider();
  return {
    secret: webEnv().SESSION_SECRET,
    useSecureCookies: webEnv().PUBLIC_URL.startsWith("https:"),
    cookies: sessionCookies(webEnv().PUBLIC_URL),
    session: { strategy: "jwt", maxAge: sessionMaxAgeMs / 1_000 },
    pages: { signIn: "/sign-in", error: "/sign-in", signOut: "/metadata", verifyRequest: "/sign-in" },
    providers: [
      CredentialsProvider({
        id: "password",
        credentials: { email: {}, password: {} },
        authorize: (credentials, request) => signIn(credentials, request?.headers).catch(unavailable),
      }),
      ...(openId ? [openId] : []),
    ],
    callbacks: {
      signIn: async ({ account, profile }) => {
        if (account?.provider !== openIdProviderId) return true;
        const admitted = await admitIdentity(personOf(profile)).catch(unavailable);
        return admitted.ok || `/sign-in?error=${admitted.code}`;
      },
      jwt: async ({ token, user, account, profile }) => {
        if (!account) return { sid: token.sid };
        if (account.provider !== openIdProviderId)
          return { sid: await begin({ userId: user.id, accessEpoch: user.accessEpoch ?? 0 }, "password") };
        const { issuer, subject, authenticatedAt } = personOf(profile);
        const identity = await findIdentity(issuer, subject);
        if (!identity) throw new Error("The admitted identity no longer exists.");
        return { sid: await begin(identity, "openid", authenticatedAt) };
      },
      session: ({ session, token }) => ({ expires: session.expires, sessionId: token.sid }),
    },
    events: {
      signOut: async ({ token }) => {
        if (token.sid) await endSession(token.sid);
      },
    },
    logger: { error: logCode, warn: () => {}, debug: () => {} },
  };
}

/**
 * Starts a session. Ends the session of the cookie that it replaces, because nobody could sign out of that
 * one later.
 */
async function begin(...session: Parameters<typeof startSession>): Promise<string> {
  const former = await getServerSession(authOptions());
  if (former?.sessionId) await endSession(former.sessionId);
  return startSession(...session);
}

async function signIn(
  credentials: unknown,
  headers: Record<string, string | undefined> | undefined,
): Promise<User | null> {
  const input = signInInput.safeParse(credentials);
  if (!input.success) return null;
  const source = signInSource(input.data.email, headers?.["x-forwarded-for"] ?? null);
  const proof = await provePassword(input.data, source);
  if (proof.ok) return { id: proof.userId, accessEpoch: proof.accessEpoch };
  // next-auth passes only an error's message to the form.
  if (proof.code !== "wrong_password") throw new MustWait(`${proof.code}:${proof.seconds}`);
  return null;
}

class MustWait extends Error {}

/**
 * next-auth puts the message of an error thrown here into a URL, so this hides all messages but that of
 * `MustWait`.
 */
function unavailable(error: unknown): never {
  if (error instanceof MustWait) throw error;
  logFailure("sign-in", error);
  throw new Error("unavailable");
}

/** Logs next-auth's code and the error's name. The other details may contain tokens and profiles. */
function logCode(code: string, detail: unknown): void {
  logFailure(`next-auth ${code}`, detail instanceof Error ? detail : errorOf(detail));
}

function errorOf(detail: unknown): Error | undefined {
  const error = typeof detail === "object" && detail !== null && "error" in detail ? detail.error : undefined;
  return error instanceof Error ? error : undefined;
}
