import "server-only";
import { getServerSession } from "next-auth";
import { cache } from "react";
import type { Actor } from "@/lib/actor";
import { authOptions } from "@/lib/next/auth/auth-options";
import { findSessionActor } from "@/lib/sessions/queries";

/** A person in a session. */
export type SessionActor = Actor & { kind: "user" };

/** The session id from this request's cookie. That session may have ended. */
export async function currentSessionId(): Promise<string | null> {
  const session = await getServerSession(authOptions());
  return session?.sessionId ?? null;
}

/**
 * The person of this request, or null without a session.
 * Reads the session from the database each time, so that a locked or signed-out person loses access at the
 * next request. `cache` only shares the read within one rendering.
 */
export const currentActor = cache(async (): Promise<SessionActor | null> => {
  const sessionId = await currentSessionId();
  return sessionId ? findSessionActor(sessionId) : null;
});
